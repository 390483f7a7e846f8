"""The embedded PostgreSQL, which runs in a data folder as long as this process lives."""

from embedded.programs import StartFailed, bin_folder
from embedded.server import Server, running, start

__all__ = ["Server", "StartFailed", "bin_folder", "running", "start"]
