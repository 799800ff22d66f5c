"""The demo as an application: ``fraiseql serve fraiseql.demo.app:app``."""

from fraiseql.demo.application import create_demo

app = create_demo()
