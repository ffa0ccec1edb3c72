"""PostgreSQL and Redis without Docker or installation: the binaries of two wheels, run as children of one process.

`EmbeddedServers(home)` is all that others need. Inside: `servers` supervises, `postgres` and `redis_server` know one
server each, `process` starts and ends processes, `child` is the small program between us and each server, `privileges`
decides as whom PostgreSQL runs, `home` guards the data folder.
"""

from jobwise.infra.embedded.errors import AlreadyRunning, EmbeddedError
from jobwise.infra.embedded.home import Addresses
from jobwise.infra.embedded.servers import EmbeddedServers

__all__ = ["Addresses", "AlreadyRunning", "EmbeddedError", "EmbeddedServers"]
