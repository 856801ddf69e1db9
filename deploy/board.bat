@echo off
rem 公示屏开机启动（Windows）：全屏打开公示页，退出了就再打开。把快捷方式放进“启动”文件夹（Win+R，shell:startup）。
rem 用法：board.bat https://gongshi.example
chcp 65001 >nul
if "%~1"=="" echo 用法：board.bat https://服务器地址 & pause & exit /b 1
set "SERVER=%~1"
set "PROFILE=%LOCALAPPDATA%\kiosk-board"
set "BROWSER=%ProgramFiles%\Google\Chrome\Application\chrome.exe"
if not exist "%BROWSER%" set "BROWSER=%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe"
if not exist "%BROWSER%" set "BROWSER=%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe"
set "FLAGS=--kiosk --edge-kiosk-type=fullscreen --noerrdialogs --no-first-run --no-default-browser-check --hide-crash-restore-bubble --disable-session-crashed-bubble --disable-features=Translate --disable-pinch --overscroll-history-navigation=0 --autoplay-policy=no-user-gesture-required"
echo %SERVER% | findstr /b /i "https:" >nul || set "FLAGS=%FLAGS% --unsafely-treat-insecure-origin-as-secure=%SERVER%"
powercfg /change monitor-timeout-ac 0
powercfg /change standby-timeout-ac 0
:again
start "" /wait "%BROWSER%" %FLAGS% "--user-data-dir=%PROFILE%" "%SERVER%/board"
timeout /t 2 /nobreak >nul
goto again
