"""The tree of regions (GB/T 2260) that the shipped rules speak of."""

from django.db import migrations

# code, name, code of the region above
REGIONS = [
    ("000000", "全国", None),
    ("130000", "河北省", "000000"),
    ("130100", "石家庄市", "130000"),
    ("130111", "栾城区", "130100"),
    ("130129", "赞皇县", "130100"),
    ("410000", "河南省", "000000"),
    ("410100", "郑州市", "410000"),
    ("410103", "二七区", "410100"),
]


def load(apps, schema_editor):
    Region = apps.get_model("registry", "Region")
    paths = {}
    for code, name, parent in REGIONS:
        paths[code] = f"{paths[parent]}/{code}" if parent else code
        Region.objects.using(schema_editor.connection.alias).get_or_create(
            code=code, defaults={"name": name, "parent_id": parent, "path": paths[code]}
        )


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop, elidable=False)]
