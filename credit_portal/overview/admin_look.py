"""The admin in the house's colours: one blue, the house's inks, thin lines."""

from django.http import HttpRequest
from django.templatetags.static import static

INK = {
    "50": "#f5f7fa",
    "100": "#eceff4",
    "200": "#d9dee6",
    "300": "#bcc4cf",
    "400": "#7a8594",
    "500": "#5f6a79",
    "600": "#4a5565",
    "700": "#333e4d",
    "800": "#273240",
    "900": "#1b2430",
    "950": "#111820",
}
BRAND = {
    "50": "#f3f7fc",
    "100": "#e9f0f9",
    "200": "#d3e0f2",
    "300": "#a9c3e4",
    "400": "#6f97cd",
    "500": "#2f66ab",
    "600": "#174a8b",
    "700": "#123f79",
    "800": "#0f3566",
    "900": "#0c2a52",
    "950": "#081c37",
}
FONT = {
    "subtle-light": INK["500"],
    "subtle-dark": INK["400"],
    "default-light": INK["600"],
    "default-dark": INK["300"],
    "important-light": INK["900"],
    "important-dark": INK["100"],
}


def colours(_request: HttpRequest) -> dict[str, dict[str, str]]:
    return {"base": dict(INK), "primary": dict(BRAND), "font": dict(FONT)}


def stylesheet(_request: HttpRequest) -> str:
    return static("css/admin.css")


def favicon(_request: HttpRequest) -> str:
    return static("img/favicon.svg")
