"""``psfu keys``: what makes join tokens good."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from proctor_sfu.control.api.tokens import Key
from psfu_cli.options import Cli, YesOption, client
from psfu_cli.output import Column

app = typer.Typer(no_args_is_help=True, help="List, rotate and retire the keys of join tokens.")

KEYS: Final = (
    Column(title="ID", value=lambda key: key.id),
    Column(title="ALGORITHM", value=lambda key: key.algorithm),
    Column(title="SIGNS", value=lambda key: key.signs),
    Column(title="ORIGIN", value=lambda key: key.origin),
)


@app.command("ls", hidden=True)
@app.command("list")
@client(reads=True)
def list_(cli: Cli) -> None:
    """List the keys that verify tokens."""
    cli.writer(Key).many(cli.client.tokens.keys(), KEYS, empty="no keys")


@app.command()
@client()
def rotate(cli: Cli) -> None:
    """Make a new key that signs from now on; tokens signed before stay good until their key is retired."""
    _shown(cli, cli.client.tokens.rotate())


@app.command()
@client()
def retire(
    cli: Cli, kid: Annotated[str, typer.Argument(metavar="KID", help="Id of the key.")], yes: YesOption = False
) -> None:
    """Delete a key, which ends every token it signed."""
    cli.confirm(f"Delete key {kid}? Tokens it signed are no good then.", yes=yes)
    _shown(cli, cli.client.tokens.retire(kid))


def _shown(cli: Cli, key: Key) -> None:
    cli.writer(Key).changed([key], KEYS)
