"""Where plots come from: directories on local disks and on NFS."""

from hydra_core.sources.directory import DirectorySource
from hydra_core.sources.grammar import NamePattern, ParsedName
from hydra_core.sources.identity import arrival_uid

__all__ = ["DirectorySource", "NamePattern", "ParsedName", "arrival_uid"]
