"""The desk's pages of the exchange with the platform above."""

from django.urls import path

from . import views

app_name = "exchange"
urlpatterns = [
    path("", views.home, name="home"),
    path("platforms/new/", views.platform, name="platform-new"),
    path("platforms/<int:pk>/", views.platform, name="platform"),
    path("platforms/<int:pk>/waiting/", views.waiting, name="waiting"),
    path("platforms/<int:pk>/faults.xlsx", views.faults, name="faults"),
    path("platforms/<int:pk>/pack/", views.pack, name="pack"),
    path("batches/<str:number>/", views.batch, name="batch"),
    path("batches/<str:number>/file/", views.package, name="package"),
    path("batches/<str:number>/receipt/", views.receipt, name="receipt"),
    path("batches/<str:number>/forwarded/", views.forwarded, name="forwarded"),
    path("refused/", views.refused, name="refused"),
    path("records/<int:pk>/", views.record, name="record"),
]
