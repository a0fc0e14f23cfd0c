"""Notices to customers who still call models that leave: mail in their language, and a payload."""

from llmaas.generators.notices.notice import LeavingModel, Notice, notice_files
from llmaas.generators.notices.texts import languages_of_notices

__all__ = ["LeavingModel", "Notice", "languages_of_notices", "notice_files"]
