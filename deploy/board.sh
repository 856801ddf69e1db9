#!/bin/sh
# 公示屏开机启动：用 Chromium 全屏打开公示页，退出了就再打开。
# 用法：board.sh https://gongshi.example      （第一次打开会显示 6 位代码，在管理页面登记一次就好）
# Every start looks like a first one to Chromium: no question about the last crash, no translation bar, no update notice.
set -u
server=${1:?用法：board.sh https://服务器地址}
server=${server%/}
profile=${BOARD_PROFILE:-$HOME/.config/kiosk-board}
browser=${BOARD_BROWSER:-$(command -v chromium || command -v chromium-browser || command -v google-chrome)}
[ -n "$browser" ] || { echo "没有装 Chromium：apt-get install chromium" >&2; exit 1; }
mkdir -p "$profile"

set -- --kiosk --start-fullscreen --noerrdialogs --no-first-run --no-default-browser-check --hide-crash-restore-bubble \
  --disable-session-crashed-bubble --disable-infobars --disable-component-update --check-for-update-interval=31536000 \
  --disable-features=Translate,InfiniteSessionRestore,MediaRouter --disable-pinch --overscroll-history-navigation=0 \
  --autoplay-policy=no-user-gesture-required --password-store=basic --disk-cache-size=1073741824 "--user-data-dir=$profile"
# Over plain http only this flag lets the page keep its content for hours without a server; https needs none.
case $server in
  http://localhost*|http://127.0.0.1*|https://*) ;;
  http://*) set -- "$@" "--unsafely-treat-insecure-origin-as-secure=$server" ;;
esac
# shellcheck disable=SC2086  # several flags in one variable
set -- "$@" ${BOARD_FLAGS:-}

if command -v xset >/dev/null 2>&1 && [ -n "${DISPLAY:-}" ]; then
  xset s off -dpms s noblank || true
fi

# Where panel.py paired this PC, the page takes over its token once and shows no code; later starts need no server.
token=${BOARD_TOKEN:-$HOME/.config/kiosk-panel/token}

# A first start without a server would leave the browser's own error page on the wall; later starts need none.
until [ -e "$profile/.answered" ]; do
  if curl --silent --fail --insecure --max-time 5 --output /dev/null "$server/board"; then touch "$profile/.answered"
  else sleep 2
  fi
done

child=
trap 'kill "$child" 2>/dev/null; exit 0' TERM INT
while :; do
  # After a power cut: the last exit was clean, and nothing holds the profile.
  preferences=$profile/Default/Preferences
  [ -e "$preferences" ] && sed -i 's/"exit_type":"[^"]*"/"exit_type":"Normal"/; s/"exited_cleanly":false/"exited_cleanly":true/' "$preferences"
  rm -f "$profile/SingletonLock" "$profile/SingletonSocket" "$profile/SingletonCookie"
  key=
  if [ "$token" -nt "$profile/.paired" ] && [ -r "$token" ]; then key="#$(cat "$token")"; touch "$profile/.paired"; fi
  "$browser" "$@" "$server/board$key" >/dev/null 2>&1 &
  child=$!
  wait "$child"
  sleep 2
done
