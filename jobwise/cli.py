"""The command line. A composition root: with `jobwise.app` the only module in here that knows schema/ and workers/.

Commands import what they need when they run, so that `jobwise --help` and `jobwise tailor` start at once.
"""

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from jobwise.config import Settings

_FILE = click.Path(path_type=Path)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """JobWise: résumés and cover letters tailored to a posting, true to the profile."""


@main.command()
@click.option("--host", help="Address to listen on (JOBWISE_HOST).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port to listen on (JOBWISE_PORT).")
def serve(host: str | None, port: int | None) -> None:
    """Run the API alone; the database and Redis must be there."""
    # Before anything slow: the supervisor may stop us at any moment. uvicorn drains first and then raises it again.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))
    import uvicorn

    from jobwise.app import UVICORN_OPTIONS, create_app
    from jobwise.config import Environment
    from jobwise.observability import logs
    from jobwise.supervisor import ServiceFailed, listen

    chosen = _with_servers(_settings(host=host, port=port))
    if chosen.env is not Environment.PRODUCTION:
        # There the API only reads from the folder, which may be mounted for that alone.
        _with_home(chosen)
    logs.configure(chosen.env)
    try:
        listener = listen(chosen.host, chosen.port)
    except ServiceFailed as error:
        raise click.ClickException(str(error)) from None
    server = uvicorn.Server(uvicorn.Config(create_app(chosen), **UVICORN_OPTIONS))
    server.run(sockets=[listener])
    if not server.started:
        sys.exit(1)


@main.command()
def work() -> None:
    """Run a worker alone; the database and Redis must be there."""
    _with_servers(_with_home(_settings()))
    from workers.settings import main as run_worker

    run_worker()


@main.command()
def migrate() -> None:
    """Bring the database at DATABASE_URL to the newest migration."""
    from jobwise.infra import db

    url = _settings().database_url
    if not url:
        raise click.ClickException("DATABASE_URL is not set; `jobwise up` migrates its own database by itself.")
    try:
        asyncio.run(db.migrate(url))
    except db.DatabaseUnavailable as error:
        raise click.ClickException(f"The database does not answer ({error.reason}): check DATABASE_URL.") from None
    click.echo("The database is up to date.")


@main.command()
def seed() -> None:
    """Load the sample data into the database at DATABASE_URL (not in production)."""
    from jobwise.infra import db
    from jobwise.seed import EMAIL, PASSWORD, NotInProduction
    from jobwise.seed import seed as load

    url = _settings().database_url
    if not url:
        raise click.ClickException("DATABASE_URL is not set; `jobwise up` loads the sample data by itself.")

    async def run() -> None:
        await db.connect(url, pool=4)
        try:
            loaded = await load()
        finally:
            await db.close()
        click.echo(
            f"Loaded {loaded.profiles} profiles, {loaded.postings} postings." if loaded else "It is there already."
        )
        click.echo(f"Sign in as {EMAIL} with {PASSWORD}")

    try:
        asyncio.run(run())
    except (NotInProduction, *db.CONNECTION_ERRORS) as error:
        raise click.ClickException(str(error) or type(error).__name__) from None


@main.command()
@click.option(
    "--check", is_flag=True, help="Compare schema/schema.graphql with what is served; exit status 1 if it differs."
)
@click.option("--write", is_flag=True, help="Bring schema/schema.graphql up to date.")
def schema(check: bool, write: bool) -> None:
    """Print the API's schema in GraphQL's own language."""
    from schema import sdl

    if write:
        sdl.write()
    elif not check:
        click.echo(sdl.sdl(), nl=False)
    elif difference := sdl.drift():
        click.echo(difference)
        raise click.ClickException("schema/schema.graphql is out of date: run `jobwise schema --write`")


@main.command()
def doctor() -> None:
    """Check that everything is there that JobWise needs, and say what to do where it is not."""
    from jobwise.doctor import examine

    sys.exit(0 if asyncio.run(examine(_settings(), click.echo)) else 1)


@main.command()
@click.argument("email")
@click.option("--remove", is_flag=True, help="They are a member no longer.")
def staff(email: str, remove: bool) -> None:
    """Let somebody see and test the providers of models in the API. They must have an account."""
    from jobwise.accounts import service
    from jobwise.doctor import embedded_url
    from jobwise.errors import NotFound
    from jobwise.infra import db

    chosen = _settings()

    async def run() -> None:
        url = chosen.database_url or await embedded_url(chosen, "database_url")
        if not url:
            raise click.ClickException("DATABASE_URL is not set, and no `jobwise up` runs here.")
        await db.connect(url, pool=1)
        try:
            await service.make_staff(email, is_staff=not remove)
        finally:
            await db.close()

    try:
        asyncio.run(run())
    except (NotFound, *db.CONNECTION_ERRORS) as error:
        raise click.ClickException(str(error) or type(error).__name__) from None
    click.echo(f"{email} is {'no longer ' if remove else ''}a member of the staff.")


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), help="Port of the API (JOBWISE_PORT).")
@click.option("--tailor-sample", is_flag=True, help="Tailor the sample résumé to a sample posting once it runs.")
@click.option("--resume", type=_FILE, help="With --tailor-sample: this résumé instead.")
@click.option("--posting", type=_FILE, help="With --tailor-sample: this posting instead.")
@click.option("--out", type=_FILE, default=Path("out"), show_default=True, help="Where the documents go.")
def up(port: int | None, tailor_sample: bool, resume: Path | None, posting: Path | None, out: Path) -> None:
    """Run everything: database, Redis, migrations, sample data, API and worker. Ctrl-C stops it."""
    from jobwise import up as bring_up

    settings, wanted = _with_home(_settings(port=port)), tailor_sample or resume or posting
    order = bring_up.sample_order(settings.home, resume, posting, out) if wanted else None
    sys.exit(_run(bring_up.run(settings, order), interrupted=0))


@main.command()
@click.option("--resume", type=_FILE, required=True, help="A JSON Resume file.")
@click.option("--posting", type=_FILE, required=True, help="The posting: text, Markdown, a saved web page or JSON.")
@click.option("--out", type=_FILE, required=True, help="Folder for the documents; made when missing.")
@click.option("--template", default="ats", show_default=True, help="Design: ats or modern.")
@click.option("--paper", type=click.Choice(["A4", "LETTER"], case_sensitive=False), default="A4", show_default=True)
@click.option("--max-pages", type=click.IntRange(1, 4), default=2, show_default=True, help="Most pages of the résumé.")
@click.option("--language", help="Of headings and courtesies, such as en or de; left out, the profile's.")
@click.option(
    "--tone", type=click.Choice(["professional", "warm", "concise"], case_sensitive=False), default="professional"
)
@click.option(
    "--writer",
    type=click.Choice(["quality", "speed", "builtin"], case_sensitive=False),
    default="quality",
    show_default=True,
    help="Which models read and write, if any are set; builtin: none, and nothing is sent.",
)
@click.option("--api", help="Address of a running service, such as https://jobs.example.org (see JOBWISE_EMAIL).")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the report to standard output, progress to standard error."
)
def tailor(api: str | None, as_json: bool, **options: Any) -> None:
    """Tailor a résumé and a cover letter to a posting, through the API of the service that runs or of an own one."""
    from jobwise import tailor as tailoring

    order = tailoring.Order(**options)
    # With a service elsewhere nothing is kept here.
    chosen = _settings() if api else _with_home(_settings())
    sys.exit(_run(tailoring.run(chosen, order, api=api, as_json=as_json), interrupted=130))


def _settings(**given: Any) -> "Settings":
    """The settings, with options of the command line before those of the environment."""
    import os

    from jobwise.config import SettingsError, settings

    # Through the environment, so that everything in this process sees the same.
    os.environ.update({f"JOBWISE_{name.upper()}": str(value) for name, value in given.items() if value is not None})
    try:
        return settings()
    except SettingsError as error:
        raise click.ClickException(f"The settings have mistakes:\n{error}") from None


def _with_home(settings: "Settings") -> "Settings":
    """The same, where its data folder can be written."""
    if objection := settings.home_objection():
        raise click.ClickException(objection)
    return settings


def _with_servers(settings: "Settings") -> "Settings":
    """The same, where both servers are named."""
    for name, url in (("DATABASE_URL", settings.database_url), ("REDIS_URL", settings.redis_url)):
        if not url:
            raise click.ClickException(f"{name} is not set; `jobwise up` starts a server of its own.")
    return settings


def _run(work: Coroutine[Any, Any, int], *, interrupted: int) -> int:
    """Run to the end, or until a signal asks to stop; then the work is cancelled once and cleans up."""
    return asyncio.run(_until_signal(work, interrupted))


async def _until_signal(work: Coroutine[Any, Any, int], interrupted: int) -> int:
    task = asyncio.ensure_future(work)
    stop = _once(task.cancel)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return interrupted


def _once(action: Callable[[], object]) -> Callable[[], None]:
    """An impatient second Ctrl-C must not interrupt the cleaning up."""
    left = [action]

    def act() -> None:
        if left:
            left.pop()()

    return act
