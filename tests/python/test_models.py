"""What the `eckart` command writes, seen from Python without Eckart."""


def test_the_command_runs(eckart):
    eckart("--version")
