"""Django settings, from the typed environment of `lakehouse_project.env`."""

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

from lakehouse_project.env import env
from lakehouse_project.logs import logging_config

ENV = env()
PACKAGE_DIR = Path(__file__).resolve().parent
LAKEHOUSE_HOME = ENV.lakehouse_home

SECRET_KEY = ENV.secret("django_secret_key")
DEBUG = ENV.debug
ALLOWED_HOSTS = [host.strip() for host in ENV.allowed_hosts.split(",") if host.strip()]
CSRF_TRUSTED_ORIGINS = [origin.strip() for origin in ENV.trusted_origins.split(",") if origin.strip()]

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin.apps.SimpleAdminConfig",  # only who serves pages loads them: see urls.py
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "pghistory",
    "rest_framework",
    "knox",
    "lakehouse_project.access",
    "ninja",
    "axes",
    "django_htmx",
    "django_structlog",
    "governance",
    "lake",
    "bronze",
    "silver",
    "gold",
    "search",
    "lakehouse_project",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "lakehouse_project.middleware.RequestLogMiddleware",
    "lakehouse_project.middleware.ContentSecurityPolicyMiddleware",
    "lakehouse_project.middleware.RequestIdMiddleware",
    "lakehouse_project.middleware.CallerMiddleware",
    "lakehouse_project.middleware.ApiProblemMiddleware",
    "lakehouse_project.ratelimits.RateLimitMiddleware",
    "lakehouse_project.access.failed_logins.FailedLoginsMiddleware",
    "lakehouse_project.middleware.LengthRequiredMiddleware",
    "lakehouse_project.middleware.UploadsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lakehouse_project.middleware.HistoryMiddleware",
    "lakehouse_project.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "lakehouse_project.urls"
WSGI_APPLICATION = "lakehouse_project.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [PACKAGE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]


CONNECTION_SECONDS = 300


def database(url: str) -> dict[str, Any]:
    """Django's settings for a PostgreSQL address; raises `ImproperlyConfigured` for any other."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:5432/name.")
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "lakehouse_project.postgresql",
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "OPTIONS": {"application_name": "lakehouse", **query},
        # The threads of the web server keep their connections: a new one costs more than a whole request does.
        "CONN_MAX_AGE": CONNECTION_SECONDS,
        "CONN_HEALTH_CHECKS": True,
    }


STOPPED = "postgresql://lakehouse@127.0.0.1:1/not-running"
"""Stands for the database while nothing runs, so that commands that need none work; others say to run `lakehouse up`."""

DATABASES = {"default": database(ENV.database() or STOPPED)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = [
    "lakehouse_project.access.failed_logins.DoorBackend",
    "axes.backends.AxesStandaloneBackend",
    "lakehouse_project.access.restricted.RestrictedTables",
    "lakehouse_project.access.permissions.PermissionBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AXES_LOCKOUT_CALLABLE = "lakehouse_project.access.failed_logins.locked_out"
AXES_CLIENT_IP_CALLABLE = "lakehouse_project.ratelimits.address_of"
RATE_LIMITS = {
    "reads": ENV.rate_limit_reads,
    "writes": ENV.rate_limit_writes,
    "failed_logins": ENV.rate_limit_failed_logins,
}
AXES_ENABLE_ADMIN = False
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/"

PGHISTORY_MIDDLEWARE_METHODS = ("POST", "PUT", "PATCH", "DELETE")

KNOX_TOKEN_MODEL = "access.ApiToken"
MIGRATION_MODULES = {"knox": None}  # its migrations would make the table that this model stands for, too
REST_KNOX = {"TOKEN_TTL": None, "AUTO_REFRESH": False}

BEHIND_TLS = ENV.behind_tls
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.behind_tls
SECURE_SSL_REDIRECT = ENV.behind_tls
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.behind_tls else None
SECURE_HSTS_SECONDS = 31_536_000 if ENV.behind_tls else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENV.behind_tls
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
X_FRAME_OPTIONS = "DENY"

LANGUAGE_CODE = "en-us"
TIME_ZONE = ENV.time_zone
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = "lakehouse_project.formats"

STATIC_URL = "/static/"
STATIC_ROOT = LAKEHOUSE_HOME / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [PACKAGE_DIR / "static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG

MAX_UPLOAD_BYTES = ENV.max_upload_mb * 1024 * 1024
MAX_UNPACKED_BYTES = ENV.max_unpacked_mb * 1024 * 1024
MAX_UNPACK_RATIO = ENV.max_unpack_ratio
MAX_COLUMNS = ENV.max_columns
MAX_ARCHIVE_FILES = ENV.max_archive_files
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["bronze.api.uploads.LimitedFileUploadHandler"]
FILE_UPLOAD_TEMP_DIR = LAKEHOUSE_HOME / "tmp"
FILE_UPLOAD_TEMP_DIR.mkdir(parents=True, exist_ok=True)

REPORTING_CURRENCY = ENV.reporting_currency
HOLIDAYS_COUNTRY = ENV.holidays_country
FISCAL_YEAR_START = ENV.fiscal_year_start

BACKUP_INTERVAL_HOURS = ENV.backup_interval_hours

LOGGING_CONFIG = None
logging_config(ENV.log_level, ENV.log_format)

UNFOLD = {
    "SITE_TITLE": "lakehouse",
    "SITE_HEADER": "lakehouse",
    "SITE_SUBHEADER": "Raw file to gold, one machine",
    "SITE_SYMBOL": "waves",
    "SITE_URL": "/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: f"{STATIC_URL}lakehouse/icon.svg"}
    ],
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "lakehouse_project.navigation.dashboard",
    "COLORS": {
        "primary": {
            "50": "#eef8f8",
            "100": "#d5edef",
            "200": "#aedce0",
            "300": "#7cc4cb",
            "400": "#45a4ae",
            "500": "#2a8794",
            "600": "#0f6674",
            "700": "#0d5662",
            "800": "#0d4650",
            "900": "#0c3a43",
            "950": "#06252b",
        }
    },
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "lakehouse_project.navigation.sidebar",
    },
}

SILENCED_SYSTEM_CHECKS: list[str] = []
