"""What the house says in a terminal: one sentence, Chinese first, English after it.

A terminal has no language switch and the reader is whoever sits at the server, so each line
carries both languages instead of going through gettext.
"""

import sys
from collections.abc import Callable
from functools import wraps

import click

from core.errors import DomainError

#: Error code -> (zh, en). Fields of the error fill the braces.
SENTENCES: dict[str, tuple[str, str]] = {
    "postgres_missing": (
        "没有找到带 PostGIS 的 PostgreSQL {oldest} 或更新版本，请运行 ./start 安装。",
        "No PostgreSQL {oldest} or newer with PostGIS was found; run ./start, which installs it.",
    ),
    "postgres_version_missing": (
        "数据需要 postgresql-{version}-postgis-3：请安装它，或用 --fresh 删除数据重来。",
        "The data need postgresql-{version}-postgis-3: install it, or delete them with --fresh.",
    ),
    "redis_missing": (
        "没有找到 redis-server，请运行 ./start 安装。",
        "redis-server was not found; run ./start, which installs it.",
    ),
    "no_free_port": (
        "{first} 至 {last} 之间没有空闲端口。",
        "No port between {first} and {last} is free.",
    ),
    "folder_unwritable": (
        "无法在 {folder} 中建立文件夹（{detail}）：请检查该位置的权限。",
        "No folder can be made at {folder} ({detail}): check the rights on that place.",
    ),
    "folder_unreachable": (
        "系统账户 {account} 无法进入 {folder}：请把项目移到它能进入的位置。",
        "The account {account} cannot enter {folder}: move the project to a place it can reach.",
    ),
    "folder_of_another_user": (
        "{folder} 属于另一个用户：请用上次启动时的用户运行（例如 sudo ./start）。",
        "{folder} belongs to another user: run as the user who started it before (sudo ./start, say).",
    ),
    "disk_full": (
        "{folder} 所在磁盘只剩 {free_mb} MB，至少需要 {needed_mb} MB。",
        "Only {free_mb} MB are free on the disk of {folder}; at least {needed_mb} MB are needed.",
    ),
    "server_start_failed": (
        "{server} 无法启动：{detail}（日志 {log}）",
        "{server} does not start: {detail} (log {log})",
    ),
    "server_stop_failed": ("{server} 无法停止：{detail}", "{server} does not stop: {detail}"),
    "port_busy": (
        "端口 {port} 已被占用（{process}）：请停止它，或用 --port 另选端口。",
        "Port {port} is in use ({process}): stop that, or choose another with --port.",
    ),
    "house_busy": (
        "另一个 ./start 正在进行，请等它结束。",
        "Another ./start is at work; wait until it has ended.",
    ),
    "owner_url_missing": (
        "设置了 GRIDPATROL_DATABASE_URL，还需要 GRIDPATROL_OWNER_URL（表所有者的连接）才能迁移。",
        "GRIDPATROL_DATABASE_URL is set; GRIDPATROL_OWNER_URL (the tables' owner) is needed to migrate.",
    ),
    "fresh_not_private": (
        "--fresh 只删除自带的数据库；现在使用的是 GRIDPATROL_DATABASE_URL 指定的服务器。",
        "--fresh deletes only our private database; GRIDPATROL_DATABASE_URL names a server of yours.",
    ),
    "database_unreachable": ("数据库没有回应：{detail}", "The database does not answer: {detail}"),
    "migration_failed": ("数据库迁移失败：{detail}", "Migrating the database failed: {detail}"),
    "demo_failed": (
        "示例数据载入失败，数据库保持原样；再次运行 ./start 会重试。",
        "Loading the demo town failed and left the database as it was; ./start tries again.",
    ),
    "not_ready": (
        "{seconds} 秒后系统仍未就绪（{detail}），日志在 {log}",
        "The system is not ready after {seconds} s ({detail}); see the logs in {log}",
    ),
    "vendor_missing": (
        "缺少前端文件 {path}，请运行 ./start 重新安装。",
        "The front-end file {path} is missing; run ./start, which installs it again.",
    ),
    "vendor_unlisted": (
        "package.json 没有 vendor 清单。",
        "package.json has no list called vendor.",
    ),
    "setting_missing": ("缺少设置 {variable}。", "The setting {variable} is missing."),
    "setting_unreadable": (
        "设置 {variable} 无法读取：{value}",
        "The setting {variable} cannot be read: {value}",
    ),
}


def say(zh: str, en: str) -> None:
    """Print one line of progress."""
    click.echo(f"· {zh}  {en}")


def explain(error: DomainError) -> str:
    """Return `error` as one sentence in each language, or its code when we have no words for it."""
    if error.code not in SENTENCES:
        return str(error)
    zh, en = SENTENCES[error.code]
    return f"{zh.format_map(error.fields)}\n{en.format_map(error.fields)}"


def in_a_sentence[**P](command: Callable[P, None]) -> Callable[P, None]:
    """Make a refusal of `command` one sentence on stderr and exit code 1, never a traceback."""

    @wraps(command)
    def told(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except DomainError as error:
            click.echo(f"\n{explain(error)}", err=True)
            sys.exit(1)

    return told
