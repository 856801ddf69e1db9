@echo off
rem 公示屏开机启动（Windows）。用法：board.bat https://gongshi.example
rem 装成登录后自动打开：右键 board.ps1，“使用 PowerShell 运行”，或  powershell -ExecutionPolicy Bypass -File board.ps1 https://gongshi.example
rem 有 Python（3.9 以上）就由 watch.py 看护：画面不动了会重新打开；没有 Python 只在退出后再打开。
chcp 65001 >nul
if "%~1"=="" echo 用法：board.bat https://服务器地址 & pause & exit /b 1
set "SERVER=%~1"
powercfg /change monitor-timeout-ac 0
powercfg /change standby-timeout-ac 0
where py >nul 2>nul && set "PYTHON=py -3"
if not defined PYTHON where python >nul 2>nul && set "PYTHON=python"
if not defined PYTHON goto alone
:watched
%PYTHON% "%~dp0watch.py" "%SERVER%"
timeout /t 2 /nobreak >nul
goto watched
:alone
set "PROFILE=%LOCALAPPDATA%\kiosk-board\profile"
set "BROWSER=%ProgramFiles%\Google\Chrome\Application\chrome.exe"
if not exist "%BROWSER%" set "BROWSER=%ProgramFiles(x86)%\Google\Chrome\Application\chrome.exe"
if not exist "%BROWSER%" set "BROWSER=%ProgramFiles(x86)%\Microsoft\Edge\Application\msedge.exe"
set "FLAGS=--kiosk --edge-kiosk-type=fullscreen --noerrdialogs --no-first-run --no-default-browser-check --hide-crash-restore-bubble --disable-session-crashed-bubble --disable-features=Translate --disable-pinch --overscroll-history-navigation=0 --autoplay-policy=no-user-gesture-required"
echo %SERVER% | findstr /b /i "https:" >nul || set "FLAGS=%FLAGS% --unsafely-treat-insecure-origin-as-secure=%SERVER%"
:again
start "" /wait "%BROWSER%" %FLAGS% "--user-data-dir=%PROFILE%" "%SERVER%/board"
timeout /t 2 /nobreak >nul
goto again
