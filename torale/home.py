"""The page at `/`, for whoever opens the address that the start printed."""

from django.views.generic import TemplateView


class HomeView(TemplateView):
    """Says what this is and where to go on; needs no database, and the same for all."""

    template_name = "torale/home.html"
    http_method_names = ["get", "head", "options"]
