"""ARQ workers: the process that runs generations."""
