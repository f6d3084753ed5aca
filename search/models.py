"""What is searchable: one row per passage, and the words that occur in them."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.contrib.postgres.validators import ArrayMinLengthValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from pgvector.django import VectorField

from governance.triggers import stamp_xid
from lakehouse_project.kernel.fields import XidField
from search.visibility import OfEntity


def indexed_text(expression: str) -> models.GeneratedField:
    """A text search vector that PostgreSQL keeps in step with the columns that `expression` names."""
    field = SearchVectorField()
    return models.GeneratedField(
        expression=models.Func(template=expression, output_field=field), output_field=field, db_persist=True
    )


def vector(config: str, column: str, weight: str) -> str:
    """SQL: `column` as weighted lexemes. Its words are split like those of a query (`engines.terms`)."""
    return rf"setweight(to_tsvector('{config}', regexp_replace({column}, '[^\w ]|_', ' ', 'g')), '{weight}')"


TITLE_LEXEMES = models.Func(template="ts_filter(text_vector, '{a}')", output_field=SearchVectorField())
OF_DOCUMENTS = Q(entity="document")
"""They have many passages, and all else must be found without reading those: both have indexes of their own."""
PERSONAL_TITLE = "coalesce(personal_title, title)"
PERSONAL_BODY = "coalesce(personal_body, body)"


class SearchDocument(models.Model):
    """A passage of an entity as it can be found. `title` and `body` are for every reader.

    Where that hides personal data, `personal_title` and `personal_body` hold what those may find and see who have
    the permission `governance.view_personal_data`; they are null where nothing is hidden. Contact details are in
    neither. The embedding is made of what every reader sees. The graph over the embeddings is `search.graph`.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.TextField(help_text="user, product, job, department, employer or document.")
    entity_id = models.TextField(help_text="Natural key.")
    passage = models.IntegerField(default=0, help_text="From 0.")
    page = models.IntegerField(null=True, blank=True, help_text="Page of the document.")
    title = models.TextField()
    body = models.TextField(blank=True)
    personal_title = models.TextField(null=True, blank=True)  # noqa: DJ001  null: nothing is hidden
    personal_body = models.TextField(null=True, blank=True)  # noqa: DJ001
    facets = models.JSONField(default=dict, help_text="Texts of few different values.")
    numbers = models.JSONField(default=dict, help_text="Whole numbers; money in minor units.")
    dates = models.JSONField(default=dict, help_text="Days, as YYYY-MM-DD.")
    url = models.TextField(blank=True)
    text_vector = indexed_text(f"{vector('english', 'title', 'A')} || {vector('english', 'body', 'B')}")
    personal_vector = indexed_text(
        "CASE WHEN personal_title IS NOT NULL OR personal_body IS NOT NULL THEN "
        f"{vector('simple', PERSONAL_TITLE, 'A')} || {vector('english', PERSONAL_TITLE, 'A')}"
        f" || {vector('english', PERSONAL_BODY, 'B')} END"
    )
    embedding = VectorField(null=True, blank=True, help_text="As long as the embedder makes it.")
    embedder = models.TextField(help_text="Id of what made the embedding.")
    embedded_hash = models.TextField(help_text="Hash of the embedder's id and the text it embedded.")
    version = models.TextField(help_text="Hash of everything that is indexed.")
    xid = XidField()
    updated_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = OfEntity["SearchDocument"]()

    class Meta:
        ordering: ClassVar = ["entity", "entity_id", "passage"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="search_document_passage", fields=["entity", "entity_id", "passage"])
        ]
        indexes: ClassVar = [
            GinIndex(fields=["text_vector"], name="search_document_text", condition=OF_DOCUMENTS),
            GinIndex(fields=["text_vector"], name="search_record_text", condition=~OF_DOCUMENTS),
            GinIndex(TITLE_LEXEMES, name="search_document_title", condition=OF_DOCUMENTS),
            GinIndex(TITLE_LEXEMES, name="search_record_title", condition=~OF_DOCUMENTS),
            GinIndex(
                fields=["personal_vector"],
                name="search_document_personal",
                condition=Q(personal_vector__isnull=False),
            ),
            GinIndex(fields=["facets"], name="search_document_facets", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["embedder"], name="search_document_embedder"),
            models.Index(fields=["xid"], name="search_document_xid"),
        ]
        triggers: ClassVar = [stamp_xid()]

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id} #{self.passage}"


class SearchTerm(models.Model):
    """A word of the index and the number of passages it is in: the vocabulary of spelling help and ranking.

    Words that only personal texts have are told apart, so that nobody learns a name from a correction.
    """

    id = models.BigAutoField(primary_key=True)
    word = models.TextField()
    lexeme = models.TextField(help_text="The word as it is indexed: its English stem, if it is no name.")
    is_personal = models.BooleanField()
    passages = models.BigIntegerField()

    class Meta:
        ordering: ClassVar = ["word"]
        constraints: ClassVar = [
            models.UniqueConstraint(name="search_term_word", fields=["word", "is_personal"])
        ]
        indexes: ClassVar = [
            models.Index(fields=["lexeme"], name="search_term_lexeme"),
            models.Index(fields=["word"], name="search_term_prefix", opclasses=["text_pattern_ops"]),
            GinIndex(fields=["word"], name="search_term_trigram", opclasses=["gin_trgm_ops"]),
        ]

    def __str__(self) -> str:
        return self.word


class OutboxEntry(models.Model):
    """A passage that changed and that the search server does not have yet; written in the transaction of the change.

    One row per passage: what is sent is what the row of the passage then holds. A row that has `failures` is the
    ledger of a passage that the server did not take.
    """

    id = models.BigAutoField(primary_key=True)
    entity = models.TextField()
    entity_id = models.TextField(help_text="Natural key.")
    passage = models.IntegerField()
    change = models.BigIntegerField(default=0, db_default=0, help_text="Counts changes while the row waits.")
    failures = models.IntegerField(default=0, db_default=0, help_text="Times that the server refused it.")
    error = models.TextField(blank=True, default="", db_default="", help_text="Its last reason.")
    queued_at = models.DateTimeField(db_default=Now(), editable=False)
    next_try_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["-failures", "next_try_at", "id"]
        verbose_name_plural = "outbox"
        constraints: ClassVar = [
            models.UniqueConstraint(name="search_outbox_passage", fields=["entity", "entity_id", "passage"])
        ]
        indexes: ClassVar = [models.Index(fields=["next_try_at", "id"], name="search_outbox_due")]

    def __str__(self) -> str:
        return f"{self.entity} {self.entity_id} #{self.passage}"


class Collection(models.Model):
    """A collection that was made on the search server, and what it is good for."""

    class State(models.TextChoices):
        BUILDING = "building", "being built"
        LIVE = "live", "in use"
        RETIRED = "retired", "replaced"
        STALE = "stale", "out of date"

    name = models.TextField(primary_key=True)
    alias = models.TextField()
    server = models.TextField(help_text="Address of the search server.")
    layout = models.IntegerField(help_text="Number of the layout of its documents.")
    embedder = models.TextField(help_text="Id of what made the embeddings of its documents.")
    state = models.TextField(choices=State)
    passages = models.BigIntegerField(default=0, help_text="When it was taken into use.")
    synonyms = models.TextField(blank=True, default="", db_default="", help_text="Hash of those it has.")
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    changed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering: ClassVar = ["alias", "-created_at"]

    def __str__(self) -> str:
        return self.name


class Synonyms(models.Model):
    """Words that mean the same: whoever searches for one of them finds the others, too."""

    name = models.SlugField(primary_key=True, help_text="Names the group, such as shoes.")
    words = ArrayField(
        models.TextField(),
        size=50,
        validators=[ArrayMinLengthValidator(2)],
        help_text="With commas: sneaker, running shoe, trainer.",
    )

    class Meta:
        ordering: ClassVar = ["name"]
        verbose_name_plural = "synonyms"

    def __str__(self) -> str:
        return self.name


class Outage(models.Model):
    """Whether an engine answers, as all processes know it. `until` is set while it is left alone."""

    engine = models.TextField(primary_key=True)
    failures = models.IntegerField(help_text="In a row.")
    until = models.DateTimeField(null=True, blank=True, help_text="Nobody asks it before then.")
    reason = models.TextField(blank=True)
    changed_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.engine
