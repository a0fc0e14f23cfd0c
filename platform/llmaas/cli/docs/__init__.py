"""The documentation site as commands build it, keep it and show it while it is written."""
