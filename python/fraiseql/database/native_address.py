"""Addresses of open connections, for further connections without the driver."""

from fraiseql.database.connection import Connection


def native_address(connection: Connection) -> str | None:
    """Return the address of a connection, in the words of libpq; None where it has none.

    It is the server that the connection is to, with the same login, database and settings. Poolers
    and encrypted connections have none.

    Args:
        connection: An open connection.
    """
    place, parameters = connection.place, connection.parameters
    if connection.pooling != "none" or connection.transport.get_extra_info("ssl_object"):
        return None
    password = parameters.password
    if not isinstance(password, str | None):
        return None
    host, port = _host(place)
    options = " ".join(
        f"-c {name}={_escaped(value)}" for name, value in parameters.server_settings.items()
    )
    words = {
        "host": host,
        "port": port,
        "user": parameters.user,
        "dbname": parameters.database,
        "options": options,
        "sslmode": "disable",
    }
    if password is not None:
        words["password"] = password
    return " ".join(f"{name}={_quoted(value)}" for name, value in words.items())


def _host(place: tuple[str, int] | str) -> tuple[str, str]:
    """Return host and port; for a socket in the file system its directory and number."""
    if isinstance(place, str):
        directory, _, number = place.rpartition("/.s.PGSQL.")
        return directory, number
    return place[0], str(place[1])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
