"""Addresses of the search page."""

from django.urls import path

from search import views

app_name = "search"
urlpatterns = [
    path("", views.page, name="page"),
    path("documents/<slug:sha256>", views.original, name="original"),
]
