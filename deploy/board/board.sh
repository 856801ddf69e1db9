#!/bin/sh
# 公示屏开机启动（Linux 桌面）：看护程序打开浏览器，退出了、不动了就再打开。
# 用法：board.sh https://gongshi.example      （第一次打开会显示 6 位代码，在管理页面登记一次就好）
# 专门用作公示屏的电脑用 install.sh，开机就放，不用桌面。
set -eu
server=${1:?用法：board.sh https://服务器地址}
here=$(cd "$(dirname "$0")" && pwd)
command -v python3 >/dev/null 2>&1 || { echo "没有装 python3：apt-get install python3" >&2; exit 1; }
exec python3 "$here/watch.py" "$server" --data "${BOARD_PROFILE:-$HOME/.config/kiosk-board}"
