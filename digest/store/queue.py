"""The queue: Procrastinate on PostgreSQL. The only place that knows it.

A job is a nudge: it carries which edition, never whom. What is to be done is read from the ledger when the job runs,
so a job lost, repeated or late changes nothing but when (design §8).
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from procrastinate import App, JobContext, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued, ConnectorException
from sqlalchemy.engine import make_url

from digest.errors import StoreError
from digest.store.engine import BUSY_TIMEOUT_S, without_password

HEARTBEAT_S = 10.0
STALLED_S = 30.0  # a worker without a heartbeat for so long is dead: its jobs are given to others
POLL_S = 5.0  # how often a worker looks for jobs that no notification told it of
AGAIN_S = 2.0  # how long it waits for a database that went away
EVERY_MINUTE = "* * * * *"


@dataclass(frozen=True, kw_only=True)
class Task:
    """A kind of job."""

    name: str
    queue: str
    call: Callable[..., None]  # synchronous; runs in a thread
    every: str = ""  # when it comes by itself, as in crontab; "" = only when it is nudged
    arguments: Mapping[str, str] | None = None  # of the job that comes by itself
    alone: bool = True  # whether one at a time runs, over all workers


def _conninfo(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _quiet() -> None:
    """Keep the libraries' own words off the terminal: what matters is told by us, a sentence a line."""
    for name in ("procrastinate", "psycopg.pool"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.CRITICAL)


def nudge(url: str, task: str, queue: str, jobs: Sequence[dict[str, Any]]) -> None:
    """Queue jobs of a task, one for each of ``jobs``' arguments. Raises StoreError."""
    _quiet()
    app = App(connector=SyncPsycopgConnector(conninfo=_conninfo(url), min_size=1, max_size=1))
    try:
        with app.open():
            app.configure_task(task, queue=queue).batch_defer(*jobs)
    except ConnectorException as error:
        raise _sentence(url, error) from error


def _sentence(url: str, error: BaseException) -> StoreError:
    cause = " ".join(str(error.__cause__ or error).split())
    return StoreError(f"the queue failed ({cause[:300]})", where=without_password(url), fix="see `digest db check`")


class QueueWorker:
    """Runs jobs until it is told to stop."""

    def __init__(
        self,
        url: str,
        tasks: Sequence[Task],
        *,
        name: str,
        concurrency: Mapping[str, int],
        stop: threading.Event,
        warn: Callable[[str], None],
    ) -> None:
        """``concurrency`` says which queues are served, and how many jobs of each at once."""
        self.url, self.tasks, self.name, self.concurrency = url, tasks, name, concurrency
        self.stop, self.warn = stop, warn

    def run(self, ready: Callable[[], None]) -> None:
        """Run jobs until told to stop, and finish those under way; call ``ready`` once it takes jobs.

        A database that goes away is waited for. Raises StoreError where it cannot be reached at the start.
        """
        _quiet()
        asyncio.run(self._until_stopped(ready))

    async def _until_stopped(self, ready: Callable[[], None]) -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(sum(self.concurrency.values()) + 2))
        first = True
        while not self.stop.is_set():
            app = self._app()
            try:
                async with app.open_async():
                    if first:
                        ready()
                    first = False
                    await self._serve(app)
                    if not self.stop.is_set():
                        self.warn("the queue's database does not answer; we try again")
            except Exception as error:  # whatever the libraries raise while their database is away
                if first:
                    raise _sentence(self.url, error) from error
                self.warn(f"{_sentence(self.url, error)}; we try again")
            if not self.stop.is_set():
                await asyncio.sleep(AGAIN_S)

    async def _serve(self, app: App) -> None:
        """Serve every queue until told to stop, or until one of them fails."""
        workers = [
            asyncio.create_task(
                app.run_worker_async(
                    queues=[queue], name=f"{self.name}:{queue}", concurrency=count, install_signal_handlers=False,
                    delete_jobs="successful", fetch_job_polling_interval=POLL_S,
                    update_heartbeat_interval=HEARTBEAT_S, stalled_worker_timeout=STALLED_S,
                )
            )
            for queue, count in self.concurrency.items()
        ]  # fmt: skip
        watch = asyncio.create_task(self._stopped())
        await asyncio.wait([*workers, watch], return_when=asyncio.FIRST_COMPLETED)
        watch.cancel()
        for worker in workers:
            worker.cancel()  # it takes no new job and finishes those under way
        for result in await asyncio.gather(*workers, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    async def _stopped(self) -> None:
        while not self.stop.is_set():
            await asyncio.sleep(0.1)

    def _app(self) -> App:
        jobs = sum(self.concurrency.values())
        connector = PsycopgConnector(
            conninfo=_conninfo(self.url), min_size=1, max_size=jobs + 3,
            kwargs={"connect_timeout": BUSY_TIMEOUT_S, "application_name": "digest queue"}, timeout=BUSY_TIMEOUT_S,
        )  # fmt: skip
        app = App(connector=connector)
        for task in self.tasks:
            self._register(app, task)
        self._register_retry(app)
        return app

    def _register(self, app: App, task: Task) -> None:
        def call(timestamp: int | None = None, **arguments: Any) -> None:
            task.call(**arguments)

        own = ",".join((task.arguments or {}).values())
        lock = f"{task.name}:{own}" if task.alone else None
        made: Any = app.tasks.get(task.name) or app.task(name=task.name, queue=task.queue)(call)
        if task.every:
            app.periodic(
                cron=task.every, periodic_id=own, lock=lock, queueing_lock=lock, task_kwargs=dict(task.arguments or {})
            )(made)

    def _register_retry(self, app: App) -> None:
        @app.periodic(cron=EVERY_MINUTE)
        @app.task(
            name="digest.retry_stalled", queue=next(iter(self.concurrency)), pass_context=True,
            queueing_lock="digest.retry_stalled",
        )  # fmt: skip
        async def retry_stalled(context: JobContext, timestamp: int) -> None:
            """Queue again what workers had in hand that died: their rows of the ledger are claimed anew."""
            manager = context.app.job_manager
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
                with suppress(AlreadyEnqueued):
                    await manager.retry_job(job)
