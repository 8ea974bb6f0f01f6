"""Django's admin app with the portal's own site. Apart from the site itself, which needs models loaded."""

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "credit_portal.overview.admin_site.PortalAdminSite"
