"""A run on disk: what it was, what it logged, what became of it.

What is refused, by code: YT930 a full disk (RunError; all others are UsageErrors), YT931 a folder that cannot be written,
YT932 a name that cannot be a folder, YT933 no such run, YT934 a prefix of several runs, YT935 a directory that is no run
or is damaged, YT936 a run that another process is running, YT937 a run that has ended for good.
"""
