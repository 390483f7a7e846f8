"""A PostgreSQL that comes with Roomkey and runs in a folder of the user's."""

from embedded.programs import StartFailed, bin_folder
from embedded.server import FolderInUse, Server, running, start

__all__ = ["FolderInUse", "Server", "StartFailed", "bin_folder", "running", "start"]
