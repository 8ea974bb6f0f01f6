"""How a provincial model text was issued (R24, S2 四（二）); its words are in the version like any other's."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import RegexValidator
from django.db import models


class ModelIssue(models.Model):
    """The document by which the province issued a version, entered once while it is a draft and frozen with it.

    `place_keys`: the blanks of the model that a place fills in when it adopts it, such as its unit and telephone; all
    others are filled at signing, and every other word stays as issued.
    """

    version = models.OneToOneField(
        "TextVersion", models.PROTECT, related_name="issue", verbose_name="文本版本"
    )
    document = models.CharField("印发文件", max_length=200)
    number = models.CharField("文号", max_length=60)
    issued_on = models.DateField("印发日期")
    file_sha256 = models.CharField(
        "印发文件的校验值",
        max_length=64,
        validators=[RegexValidator(r"\A[0-9a-f]{64}\Z", "应为 64 位十六进制的校验值。")],
    )
    place_keys = ArrayField(
        models.CharField(max_length=30), verbose_name="由采用地区填写的空白", default=list, blank=True
    )

    class Meta:
        verbose_name = "示范文本印发文件"
        verbose_name_plural = "示范文本印发文件"

    def __str__(self) -> str:
        return f"《{self.document}》{self.number}"
