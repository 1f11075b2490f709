"""The desk's pages, below /admin/."""

from django.contrib import admin
from django.urls import path

from desk.why import why

urlpatterns = [
    path("why/", admin.site.admin_view(why), name="admin-why"),
    path("why/<uuid:wanted>/", admin.site.admin_view(why), name="admin-why"),
]
