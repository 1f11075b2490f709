"""The page at `/`, for people who open the address that `serve` prints."""

from django.views.generic import TemplateView


class HomeView(TemplateView):
    """Says what Torale is and where to go next; needs no database, and is the same for everyone."""

    template_name = "torale/home.html"
    http_method_names = ["get", "head", "options"]
