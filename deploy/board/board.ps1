# 把 board.bat 登记成“登录时”的计划任务：退出了一分钟内再打开，不因为用电池、跑得太久而停。
#   powershell -ExecutionPolicy Bypass -File board.ps1 https://gongshi.example
# 电脑要设成自动登录一个普通账号（运行 netplwiz），主板设置里打开“来电自动开机”。
param([Parameter(Mandatory = $true)][string]$Server)
$ErrorActionPreference = 'Stop'
$bat = Join-Path $PSScriptRoot 'board.bat'
$action = New-ScheduledTaskAction -Execute $bat -Argument $Server -WorkingDirectory $PSScriptRoot
$trigger = New-ScheduledTaskTrigger -AtLogOn -User $env:USERNAME
$settings = New-ScheduledTaskSettingsSet -RestartCount 999 -RestartInterval (New-TimeSpan -Minutes 1) -ExecutionTimeLimit ([TimeSpan]::Zero) `
  -AllowStartIfOnBatteries -DontStopIfGoingOnBatteries -MultipleInstances IgnoreNew
Register-ScheduledTask -TaskName 'kiosk-board' -Action $action -Trigger $trigger -Settings $settings -Force | Out-Null
Start-ScheduledTask -TaskName 'kiosk-board'
Write-Output '登记好了：每次登录自动打开公示屏。取消：Unregister-ScheduledTask kiosk-board'
