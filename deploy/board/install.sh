#!/bin/sh
# 把一台刚装好的 Debian 12 电脑变成公示屏：装程序、建账号、开机就放、死机自己起来。用管理员账号（root）运行，可以反复运行。
#   install.sh https://gongshi.example               X 显示（默认：旧电脑、旧显卡都行）
#   install.sh --screen cage https://gongshi.example Wayland（cage），显卡较新时更省
#   install.sh --relay https://gongshi.example       同一台电脑上再装中继：内容存在本机，屏从本机看（要 /opt/kiosk 里已经 make setup）
#   install.sh --dry-run …                           只说要做什么，什么都不动
# Every deed goes through `run` or `put`, so that a dry run shows them all. --root DIR writes the files below DIR and starts nothing.
set -eu

dry='' root='' screen=x relay='' server='' user=gongshi
say() { printf '%s\n' "$*"; }
fail() { printf '%s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,6s/^# //p' "$0"; }

while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry=1 ;;
    --root) root=${2:?--root 后面要写文件夹}; shift ;;
    --screen) screen=${2:?--screen 后面写 x 或 cage}; shift ;;
    --relay) relay=1 ;;
    -h|--help) usage; exit 0 ;;
    -*) usage >&2; fail "不认识 $1" ;;
    *) server=${1%/} ;;
  esac
  shift
done
case $server in http://?*|https://?*) ;; *) usage >&2; fail '要写服务器地址，例：https://gongshi.example' ;; esac
case $server in *[!A-Za-z0-9:/.-]*) fail '服务器地址里只能有字母、数字和 : / . -，不带路径' ;; esac
case $screen in x|cage) ;; *) fail '--screen 后面写 x 或 cage' ;; esac
[ -n "$dry" ] || [ -n "$root" ] || [ "$(id -u)" = 0 ] || fail '要用管理员账号（root）运行'
here=$(cd "$(dirname "$0")" && pwd)

run() {
  say "+ $*"
  [ -n "$dry" ] || "$@"
}
system() {  # what touches the running machine: not when only files are written
  if [ -n "$root" ]; then say "- $*"; else run "$@"; fi
}
put() {  # put MODE PATH: a file from standard input, whole or not at all
  say "+ 写 $2"
  if [ -n "$dry" ]; then cat >/dev/null; return; fi
  mkdir -p "$(dirname "$root$2")"
  cat > "$root$2.new"
  chmod "$1" "$root$2.new"
  mv "$root$2.new" "$root$2"
}

# --- programs -----------------------------------------------------------------------------------------------------------
programs='chromium python3 ca-certificates fonts-noto-cjk systemd-timesyncd dbus'
case $screen in
  x) programs="$programs xserver-xorg xinit x11-xserver-utils" ;;
  cage) programs="$programs cage wlr-randr" ;;
esac
system apt-get update
# shellcheck disable=SC2086  # several packages in one variable
system env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $programs

# --- who runs it: an account that may do nothing else --------------------------------------------------------------------
if [ -n "$root" ] || ! id "$user" >/dev/null 2>&1; then
  system useradd --create-home --shell /usr/sbin/nologin --groups video,audio,render,input,tty "$user"
fi
for name in watch.py devtools.py profiles.py panel.py waiting.html; do
  put 755 "/opt/kiosk-board/$name" < "$here/$name"
done

# --- where the page comes from ---------------------------------------------------------------------------------------------
page=$server
if [ -n "$relay" ]; then
  page=http://127.0.0.1:8080
  put 644 /etc/systemd/system/kiosk-relay.service <<UNIT
[Unit]
Description=Notice board relay (kiosk)
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/opt/kiosk/.venv/bin/kiosk relay --server $server --port 8080 --data /var/lib/kiosk-relay
User=$user
StateDirectory=kiosk-relay
Restart=always
RestartSec=5
NoNewPrivileges=yes
ProtectSystem=strict
PrivateTmp=yes

[Install]
WantedBy=multi-user.target
UNIT
fi

# --- the board ----------------------------------------------------------------------------------------------------------------
watch="/usr/bin/python3 /opt/kiosk-board/watch.py $page --data /home/$user/board"
case $screen in
  x) start="/usr/bin/xinit $watch -- /usr/bin/X :0 vt1 -nocursor -nolisten tcp -noreset -s 0 -dpms -keeptty" ;;
  cage) start="/usr/bin/cage -d -- $watch" ;;
esac
put 644 /etc/systemd/system/kiosk-board.service <<UNIT
[Unit]
Description=Notice board (kiosk)
Wants=systemd-user-sessions.service
After=systemd-user-sessions.service dbus.service plymouth-quit-wait.service
Conflicts=getty@tty1.service
After=getty@tty1.service
# 起不来也一直试：屏不能因为试得太多就黑着
StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=all
User=$user
PAMName=login
TTYPath=/dev/tty1
StandardInput=tty
StandardOutput=journal
StandardError=journal
UtmpIdentifier=tty1
WorkingDirectory=/home/$user
Environment=XDG_SESSION_TYPE=$([ "$screen" = x ] && printf x11 || printf wayland)
# 浏览器三次都起不来时退出，由下面的 Restart 把整个会话重新打开；要连电脑一起重启，写：BOARD_SESSION_COMMAND=sudo systemctl reboot
Environment=BOARD_SESSION_COMMAND=
ExecStart=$start
# 看护每几秒报一次平安，自己停住了也会被重新打开
WatchdogSec=90
TimeoutStartSec=120
KillMode=control-group
Restart=always
RestartSec=2

[Install]
WantedBy=graphical.target
UNIT
[ "$screen" = x ] && put 644 /etc/X11/Xwrapper.config <<'FILE'
allowed_users=anybody
needs_root_rights=yes
FILE

# --- the machine: never blank, the right time, back after a power cut or a hang -------------------------------------------
put 644 /etc/systemd/system.conf.d/kiosk-board.conf <<'FILE'
[Manager]
# 系统死住两分钟，主板的看门狗让电脑重新启动（没有看门狗的电脑不理会这一条）
RuntimeWatchdogSec=120
FILE
put 644 /etc/systemd/logind.conf.d/kiosk-board.conf <<'FILE'
[Login]
HandleLidSwitch=ignore
HandleSuspendKey=ignore
IdleAction=ignore
FILE
put 644 /etc/sysctl.d/kiosk-board.conf <<'FILE'
# 内核出错 10 秒后重新启动，不停在黑屏上
kernel.panic = 10
FILE
put 644 /etc/systemd/journald.conf.d/kiosk-board.conf <<'FILE'
[Journal]
SystemMaxUse=200M
FILE
put 644 /etc/default/grub.d/kiosk-board.cfg <<'FILE'
# 停电以后不问不等，直接进系统；字符界面不熄屏
GRUB_TIMEOUT=0
GRUB_RECORDFAIL_TIMEOUT=0
GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT consoleblank=0 fsck.repair=yes"
FILE
system systemctl mask sleep.target suspend.target hibernate.target hybrid-sleep.target
system timedatectl set-ntp true
[ -n "$root" ] || ! command -v update-grub >/dev/null 2>&1 || system update-grub
system systemctl daemon-reload
system systemctl set-default graphical.target
[ -z "$relay" ] || system systemctl enable --now kiosk-relay.service
system systemctl enable kiosk-board.service
system systemctl restart kiosk-board.service

say ''
say '装好了。屏上出现 6 位代码，在办公电脑的管理页面点“公示屏”“登记新屏”填进去。'
say '还要用手做一件：进主板设置（BIOS），把“来电自动开机”（Restore on AC Power Loss）打开，停电来电后电脑才会自己开。'
case $page in
  http://127.0.0.1*|https://*) ;;
  *) say "注意：$page 不是 https。浏览器加了一个只对这个地址的许可，断网后才有内容可放；能用 https 或者 --relay 更好。" ;;
esac
