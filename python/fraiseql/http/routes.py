"""Path below the mount point, and headers by name."""

from collections.abc import Mapping

from fraiseql.http.asgi import Scope


def route_of(scope: Scope) -> tuple[str, str]:
    """Return the mount point and the path below it.

    ASGI's ``path`` holds the mount point too; frameworks that leave it out are supported too.
    """
    path: str = scope["path"]
    root: str = scope.get("root_path") or ""
    if root and path.startswith(root) and path[len(root) : len(root) + 1] in {"", "/"}:
        return root, path[len(root) :]
    return root, path


def request_headers(scope: Scope) -> Mapping[bytes, bytes]:
    """Return the headers by lower-case name; repeated headers are joined."""
    lines: list[tuple[bytes, bytes]] = scope["headers"]
    headers = dict(lines)
    if len(headers) == len(lines):
        return headers
    joined: dict[bytes, bytes] = {}
    for name, value in lines:
        joined[name] = joined[name] + b", " + value if name in joined else value
    return joined
