import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models

DOCUMENTS = models.Q(('entity', 'document'))


def words(name, condition):
    return django.contrib.postgres.indexes.GinIndex(condition=condition, fields=['text_vector'], name=name)


def title(name, condition):
    lexemes = models.Func(
        output_field=django.contrib.postgres.search.SearchVectorField(), template="ts_filter(text_vector, '{a}')"
    )
    return django.contrib.postgres.indexes.GinIndex(lexemes, condition=condition, name=name)


class Migration(migrations.Migration):
    """A word that is in very many passages is ranked in some of them alone: first of all where the title has it, and what is
    no document must be found without reading the passages of those that are."""

    dependencies = [
        ('search', '0005_rows_in_one_piece'),
    ]

    operations = [
        migrations.RemoveIndex(model_name='searchdocument', name='search_document_text'),
        *(
            migrations.AddIndex(model_name='searchdocument', index=index)
            for index in (
                words('search_document_text', DOCUMENTS),
                words('search_record_text', ~DOCUMENTS),
                title('search_document_title', DOCUMENTS),
                title('search_record_title', ~DOCUMENTS),
            )
        ),
    ]
