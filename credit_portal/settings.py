"""Settings: one file, everything that differs between deployments comes from the environment."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from credit_portal.logs import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / ".data"))).resolve()
# The embedded mode keeps generated secrets beside its data; a real deployment sets them itself.
if (DATA_DIR / "secrets.env").is_file():
    environ.Env.read_env(DATA_DIR / "secrets.env", overwrite=False)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY", default="")
FIELD_KEYS = env("FIELD_KEYS", default="")
if not SECRET_KEY or not FIELD_KEYS:
    raise ImproperlyConfigured(
        "缺少 SECRET_KEY 或 FIELD_KEYS：请在环境变量中设置，或用 make run 启动（首次会自动生成）。"
    )
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
HTTPS = env.bool("HTTPS", default=False)

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "credit_portal.overview.admin_config.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "simple_history",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "axes",
    "credit_portal.audit",
    "credit_portal.registry",
    "credit_portal.documents",
    "credit_portal.deadlines",
    "credit_portal.outbox",
    "verification",
    "commitments",
    "disclosure",
    "repair",
    "credit_portal.overview",
    "credit_portal.checks.PortalConfig",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "credit_portal.overview.errors.explain_wrong_method",
    "credit_portal.overview.errors.ExplainUnprintable",
    # Axes has to be last: it turns the lock-out into a response.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "credit_portal.urls"
WSGI_APPLICATION = "credit_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "credit_portal.registry.site.site_context",
                "credit_portal.overview.desk.desk_context",
            ],
        },
    }
]

DATABASES = {"default": env.db("DATABASE_URL", default="postgres:///credit_portal")}
DATABASES["default"].setdefault("OPTIONS", {})
# Threads keep their connection: a new one a request costs 4 to 7 times as much.
DATABASES["default"]["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
# A day in SQL is a day in China, too.
DATABASES["default"]["TIME_ZONE"] = "Asia/Shanghai"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "cp",
    }
}

AUTH_USER_MODEL = "registry.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "credit_portal.registry.accounts.StaffBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "credit_portal.registry.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
PASSWORD_RESET_TIMEOUT = 24 * 3600  # a link handed over in person is used the same day
LOGIN_REDIRECT_URL = "/window/"
ACCOUNT_ADAPTER = "credit_portal.registry.accounts.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
# Axes counts wrong passwords (the adapter sees to it that only one does); this one is for codes of the second step.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/15m/key"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "信用承诺门户"
MFA_ADAPTER = "credit_portal.registry.accounts.StaffMFAAdapter"
# Nobody without an account gets a letter, so the reset page cannot be used to write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = "【信用承诺门户】"
ACCOUNT_FORMS = {
    "login": "credit_portal.registry.account_forms.LoginForm",
    "reauthenticate": "credit_portal.registry.account_forms.ReauthenticateForm",
    "change_password": "credit_portal.registry.account_forms.ChangePasswordForm",
    "set_password": "credit_portal.registry.account_forms.SetPasswordForm",
    "reset_password": "credit_portal.registry.account_forms.ResetPasswordForm",
    "reset_password_from_key": "credit_portal.registry.account_forms.ResetPasswordKeyForm",
}
MFA_FORMS = {
    "authenticate": "credit_portal.registry.account_forms.AuthenticateForm",
    "reauthenticate": "credit_portal.registry.account_forms.ReauthenticateCodeForm",
    "activate_totp": "credit_portal.registry.account_forms.ActivateTOTPForm",
}

# A hall shares one address: locking by address alone would shut every window.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_CLIENT_IP_CALLABLE = "credit_portal.registry.accounts.client_address"
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("NUM_PROXIES", default=0)
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "axes/lockout.html"
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False  # a lock is lifted with the account's new link

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = env.int("SESSION_MINUTES", default=30) * 60
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_FAILURE_VIEW = "credit_portal.overview.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz)$"]  # asked from inside, by the supervisor
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    },
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文")]
# Errors of forms name their field; chosen files that an error has lost are told.
FORM_RENDERER = "credit_portal.registry.forms.NamingRenderer"
LOCALE_PATHS = [BASE_DIR / "credit_portal" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True
DATE_FORMAT = "Y-m-d"
FORMAT_MODULE_PATH = ["credit_portal.formats"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(DATA_DIR / "static")))
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "media"},
    },
    # Papers with personal data: never served by path, only through a view that checks who asks.
    "evidence": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "evidence"},
    },
    # Packages for the platform above, sealed as evidence is.
    "exchange": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "exchange"},
    },
    # What is wrong with uploaded files, sealed; removed when its time is over.
    "results": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA_DIR / "results"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
# Compressing is what takes the time when static files are collected: only what pages name, and no source maps.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["png", "jpg", "gif", "woff", "woff2", "gz", "br", "map"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_HANDLERS = [
    "credit_portal.documents.uploads.BoundedUpload",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

EMAIL_BACKEND = env("EMAIL_BACKEND", default="django.core.mail.backends.console.EmailBackend")
# `console`, `file` (DATA_DIR/sms), or the dotted path of `send(*, number, text, key)`.
SMS_BACKEND = env("SMS_BACKEND", default="console")
# The city platform: its address, where the platform's own setting leaves it empty, and the token for it.
PLATFORM_URL = env("PLATFORM_URL", default="")
PLATFORM_TOKEN = env("PLATFORM_TOKEN", default="")
# A folder that both sides can reach, where packages go and receipts come from; none unless set.
EXCHANGE_FOLDER = env("EXCHANGE_FOLDER", default="")
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="信用承诺门户 <noreply@localhost>")

# The identity service by which natural persons open their own pages (OpenID Connect); none unless set.
OIDC = {
    "issuer": env("OIDC_ISSUER", default="").rstrip("/"),
    "client_id": env("OIDC_CLIENT_ID", default=""),
    "client_secret": env("OIDC_CLIENT_SECRET", default=""),
    "scope": env("OIDC_SCOPE", default="openid profile"),
    "number_claim": env("OIDC_NUMBER_CLAIM", default="id_number"),
    "name_claim": env("OIDC_NAME_CLAIM", default="name"),
    "label": env("OIDC_LABEL", default="统一身份认证"),
}

CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["disclosure.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.AllowAny"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "disclosure.problems.problem_handler",
    "UNAUTHENTICATED_USER": None,
    # Behind so many proxies the visitor's address is taken from X-Forwarded-For; with none, that header is not believed.
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
}
# Requests to the public API a minute and address, and whole files; 0: no limit.
PUBLIC_REQUESTS_PER_MINUTE = env.int("PUBLIC_REQUESTS_PER_MINUTE", default=1200)
PUBLIC_EXPORTS_PER_MINUTE = env.int("PUBLIC_EXPORTS_PER_MINUTE", default=10)
PARTNER_REQUESTS_PER_MINUTE = env.int("PARTNER_REQUESTS_PER_MINUTE", default=600)
SPECTACULAR_SETTINGS = {
    "TITLE": "信用承诺公示接口",
    "DESCRIPTION": "公开的信用承诺、违诺、行政行为、主体、事项目录与承诺书文本：只读，无需登录。部门的系统凭令牌核查信用记录、递交承诺、报告履行、提请违诺立案、推送信用信息。",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "CommitmentTypeEnum": "credit_portal.registry.models.CommitmentType",
        "SubjectKindEnum": "credit_portal.registry.models.CreditSubject.Kind",
        "ActKindEnum": "disclosure.models.ActKind",
        "ClauseKindEnum": "commitments.models.Clause.Kind",
        "ShownFulfilmentEnum": "disclosure.serializers.SHOWN_STATUS",
        "FulfilmentEnum": "commitments.models.Commitment.Fulfilment",
        "CaseStateEnum": "commitments.models.BreachCase.State",
        "DutyStateEnum": "credit_portal.deadlines.models.Duty.State",
        "ListKindEnum": "disclosure.act_shapes.LIST_KIND",
        "ListActionEnum": "disclosure.act_shapes.LIST_ACTIONS",
        "ListStateEnum": "disclosure.act_shapes.LIST_STATES",
        "ScopeEnum": "credit_portal.registry.models.ServiceItemVersion.Scope",
        "ReleaseScopeEnum": "verification.consent_models.Scope",
        "PurposeEnum": "verification.models.Check.Purpose",
        "ReleasePurposeEnum": "verification.consent_models.Purpose",
    },
}

# The region that this deployment answers for (GB/T 2260); districts below it are served too.
REGION_CODE = env("REGION_CODE", default="130111")
SITE = {
    "name": env("SITE_NAME", default="信用承诺"),
    "address": env("SITE_URL", default="http://localhost:8000").rstrip("/"),
    "organiser": env("SITE_ORGANISER", default=""),
    "contact": env("SITE_CONTACT", default=""),
    "icp": env("SITE_ICP", default=""),
    "police": env("SITE_POLICE_NUMBER", default=""),
    "identifier": env("SITE_IDENTIFIER", default=""),
}
# Where the portal looks at its own pages to prove that a publication has ended: as the public does, or, where the server
# cannot reach its own name, an address inside.
PROOF_URL = env("PROOF_URL", default="").rstrip("/") or SITE["address"]

LOGGING = logging_config(env("LOG_LEVEL", default="INFO"))

UNFOLD = {
    "SITE_TITLE": "信用承诺管理",
    "SITE_HEADER": "信用承诺管理",
    "SITE_SYMBOL": "verified",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": "credit_portal.overview.admin_look.favicon"}
    ],
    "THEME": "light",
    "BORDER_RADIUS": "4px",
    "SHOW_VIEW_ON_SITE": False,
    "STYLES": ["credit_portal.overview.admin_look.stylesheet"],
    "SIDEBAR": {"navigation": "credit_portal.overview.admin_site.navigation"},
    "ACCOUNT": {"navigation": "credit_portal.overview.admin_site.account_links"},
    "COLORS": "credit_portal.overview.admin_look.colours",
}
