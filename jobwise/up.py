"""The command `jobwise up`: the service for as long as nobody stops it, and the sample tailored when that is wanted."""

import asyncio
import json
import os
from pathlib import Path

import click

from jobwise import samples, seed, tailor
from jobwise.account_file import Account, own_account
from jobwise.api_client import ApiError
from jobwise.config import Environment, Settings
from jobwise.infra.embedded import EmbeddedError
from jobwise.samples import SamplePosting
from jobwise.supervisor import Running, ServiceFailed, running_or_own
from jobwise.tailor import Order


def sample_order(home: Path, resume: Path | None, posting: Path | None, out: Path) -> Order:
    """What `--tailor-sample` tailors: the caller's files; where none is given, the sample, left in `home/sample`."""
    folder = home.absolute() / "sample"
    folder.mkdir(parents=True, exist_ok=True)
    if resume is None:
        resume = folder / "resume.json"
        resume.write_text(json.dumps(samples.default_profile().resume, ensure_ascii=False, indent=2), encoding="utf-8")
    if posting is None:
        posting = folder / "posting.json"
        posting.write_text(
            json.dumps(_template(samples.default_posting()), ensure_ascii=False, indent=2), encoding="utf-8"
        )
    return Order(resume=resume, posting=posting, out=out)


def _template(posting: SamplePosting) -> dict[str, str]:
    """The posting after `jobTemplate`: its header is not part of its text."""
    return {
        "title": posting.title,
        "company": posting.company,
        "location": posting.location,
        "workplace": posting.workplace,
        "employmentType": posting.employment,
        "description": posting.text,
    }


async def run(settings: Settings, order: Order | None) -> int:
    """Serve until cancelled. Returns the exit status when it cannot; with `order`, tailors first."""
    try:
        if order is not None:
            tailor.check(order)
        return await _serve(settings, order)
    except (tailor.BadInput, ServiceFailed, EmbeddedError) as error:
        click.echo(str(error), err=True)
        return 2 if isinstance(error, tailor.BadInput) else 1


async def _serve(settings: Settings, order: Order | None) -> int:
    click.echo(f"JobWise starts in {settings.home.resolve()}")
    async with running_or_own(settings, tell=_tell, sample_data=True) as running:
        if running.pid != os.getpid():
            click.echo(f"JobWise runs already: process {running.pid}, {running.url}/graphql", err=True)
            return await _tailor(settings, running, order) if order is not None else 1
        _introduce(settings, running)
        if order is not None:
            await _tailor(settings, running, order)
        click.echo("Press Ctrl-C to stop.")
        await asyncio.Event().wait()
    return 0


def _introduce(settings: Settings, running: Running) -> None:
    click.echo(f"JobWise runs: {running.url}/graphql")
    if settings.env is Environment.DEVELOPMENT:
        click.echo(f"  demo account  {seed.EMAIL} with {seed.PASSWORD}")
    click.echo(f"  data and logs {settings.home.resolve()}")


async def _tailor(settings: Settings, running: Running, order: Order) -> int:
    """In development as the demo account, so that the result can be looked at in the explorer."""
    demo = Account(seed.EMAIL, seed.PASSWORD)
    account = demo if settings.env is Environment.DEVELOPMENT else own_account(settings.home)
    try:
        finished = await tailor.tailor(running.url, account, order)
    except ApiError as error:
        click.echo(str(error), err=True)
        return tailor.exit_status(error)
    click.echo(tailor.summary(finished, order))
    return 0


def _tell(line: str) -> None:
    click.echo(line)
