"""The application of the page "Move from Graphene-Django", as a team has written it there.

It runs in an environment of its own, with the address of the database as its argument.
"""

import sys
from urllib.parse import parse_qs, unquote, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import path


def database(address: str) -> dict[str, object]:
    parts = urlsplit(address)
    hosts = parse_qs(parts.query).get("host", [parts.hostname or ""])
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.strip("/"),
        "USER": unquote(parts.username or "postgres"),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": hosts[0],
        "PORT": parse_qs(parts.query).get("port", [parts.port or ""])[0],
    }


settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="of no use here",
    INSTALLED_APPS=["django.contrib.contenttypes", "graphene_django"],
    DATABASES={"default": database(sys.argv[1])},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
)
django.setup()

import graphene  # noqa: E402 - after the set-up, as Django wants it
from django.db import models  # noqa: E402
from graphene import relay  # noqa: E402
from graphene_django import DjangoConnectionField, DjangoObjectType  # noqa: E402
from graphene_django.views import GraphQLView  # noqa: E402


class Author(models.Model):
    name = models.TextField()

    class Meta:
        app_label, db_table, ordering = "library", "library_author", ("id",)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    title = models.TextField(unique=True)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")

    class Meta:
        app_label, db_table, ordering = "library", "library_book", ("id",)

    def __str__(self) -> str:
        return self.title


class AuthorNode(DjangoObjectType):
    class Meta:
        model, interfaces, fields = Author, (relay.Node,), ("id", "name", "books")


class BookNode(DjangoObjectType):
    class Meta:
        model, interfaces, fields = Book, (relay.Node,), ("id", "title", "author")


class Query(graphene.ObjectType):
    node = relay.Node.Field()
    all_books = DjangoConnectionField(BookNode, title__icontains=graphene.String())
    book = graphene.Field(BookNode, pk=graphene.Int(required=True))

    @staticmethod
    def resolve_all_books(root: object, info: object, **arguments: object) -> object:
        books = Book.objects.select_related("author")
        part = arguments.get("title__icontains")
        return books if part is None else books.filter(title__icontains=part)

    @staticmethod
    def resolve_book(root: object, info: object, pk: int) -> object:
        return Book.objects.filter(pk=pk).first()


class RenameBook(graphene.Mutation):
    class Arguments:
        pk = graphene.Int(required=True)
        title = graphene.String(required=True)

    book = graphene.Field(BookNode)

    @classmethod
    def mutate(cls, root: object, info: object, pk: int, title: str) -> "RenameBook":
        book = Book.objects.get(pk=pk)
        book.title = title.strip()
        book.save()
        return RenameBook(book=book)


class Mutation(graphene.ObjectType):
    rename_book = RenameBook.Field()


urlpatterns = [
    path("graphql", GraphQLView.as_view(schema=graphene.Schema(query=Query, mutation=Mutation)))
]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Write nothing."""


with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
