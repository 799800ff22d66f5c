"""Fields of users, posts and comments, shared by all declared types."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(kw_only=True)
class CommentFields:
    id: int
    body: str
    likes: int
    created_at: datetime


@dataclass(kw_only=True)
class PostFields:
    id: int
    title: str
    views: int
    created_at: datetime


@dataclass(kw_only=True)
class ProfileFields:
    """A user as their posts show them."""

    id: int
    first_name: str
    last_name: str
    email: str
    country: str
    bio: str | None


@dataclass(kw_only=True)
class UserFields(ProfileFields):
    active: bool
    created_at: datetime
