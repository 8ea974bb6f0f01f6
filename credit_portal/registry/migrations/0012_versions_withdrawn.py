import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from credit_portal.audit.migrating import InSteps

# A draft may be anything. What has been published only ends; what has ended stays as it is. Two more moves: what was
# published ahead is withdrawn before its day (in Shanghai) with a reason, and the version that it would have replaced
# goes on. `parent` holds of items and of texts, whose table stands on this function, too.
REFUSE = """
CREATE OR REPLACE FUNCTION registry_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending text[] := ARRAY['status', 'valid_to'];
    withdrawing text[] := ARRAY['status', 'withdrawn_at', 'withdrawn_by_id', 'withdrawn_reason'];
    parent text := CASE TG_TABLE_NAME WHEN 'commitments_textversion' THEN 'text_id' ELSE 'item_id' END;
    withdrawn boolean;
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status IN ('published', 'frozen')
            AND (to_jsonb(NEW) - ending) = (to_jsonb(OLD) - ending) THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status = 'withdrawn' AND NEW.valid_to IS NULL
            AND (to_jsonb(NEW) - withdrawing) = (to_jsonb(OLD) - withdrawing)
            AND to_jsonb(NEW) ->> 'withdrawn_reason' <> ''
            AND ((to_jsonb(NEW) ->> 'withdrawn_at')::timestamptz AT TIME ZONE 'Asia/Shanghai')::date
                < OLD.valid_from THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'frozen' AND NEW.status = 'published' AND NEW.valid_to IS NULL
            AND (to_jsonb(NEW) - ending) = (to_jsonb(OLD) - ending) THEN
        EXECUTE format(
            'SELECT EXISTS (SELECT 1 FROM %I WHERE %I = $1 AND status = ''withdrawn'' AND valid_from = $2 AND number > $3)',
            TG_TABLE_NAME, parent
        ) INTO withdrawn USING (to_jsonb(OLD) ->> parent)::bigint, OLD.valid_to + 1, OLD.number;
        IF withdrawn THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '已发布的版本不能更改（% 第 % 版）', TG_TABLE_NAME, OLD.number
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION registry_refuse_version_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ending text[] := ARRAY['status', 'valid_to'];
BEGIN
    IF OLD.status = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.status = 'published' AND NEW.status IN ('published', 'frozen')
            AND (to_jsonb(NEW) - ending) = (to_jsonb(OLD) - ending) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '已发布的版本不能更改（% 第 % 版）', TG_TABLE_NAME, OLD.number
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
"""
STATES = [("draft", "草稿"), ("published", "现行"), ("frozen", "历史"), ("withdrawn", "已撤回")]


def _withdrawal(model: str, *, related: str) -> list[migrations.AddField]:
    user = models.ForeignKey(
        blank=True, editable=False, null=True, related_name=related, to=settings.AUTH_USER_MODEL,
        on_delete=django.db.models.deletion.PROTECT, verbose_name="撤回人",
    )  # fmt: skip
    if model.startswith("historical"):
        user = models.ForeignKey(
            blank=True, db_constraint=False, editable=False, null=True, related_name=related,
            on_delete=django.db.models.deletion.DO_NOTHING, to=settings.AUTH_USER_MODEL, verbose_name="撤回人",
        )  # fmt: skip
    return [
        migrations.AddField(
            model,
            "withdrawn_at",
            models.DateTimeField(blank=True, editable=False, null=True, verbose_name="撤回时间"),
        ),
        migrations.AddField(model, "withdrawn_by", user),
        migrations.AddField(
            model,
            "withdrawn_reason",
            models.CharField(blank=True, editable=False, max_length=300, verbose_name="撤回理由"),
        ),
        migrations.AlterField(
            model,
            "status",
            models.CharField(choices=STATES, default="draft", max_length=10, verbose_name="状态"),
        ),
    ]


class Migration(InSteps):
    dependencies = [("registry", "0011_who_may_promise")]

    operations = [
        *_withdrawal("serviceitemversion", related="+"),
        *_withdrawal("historicalserviceitemversion", related="+"),
        migrations.RunSQL(REFUSE, BEFORE),
    ]
