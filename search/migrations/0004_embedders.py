from django.db import migrations, models
import pgvector.django.vector

UNTIL_NOW = "wordllama-l2-supercat-256/mean"
"""There was no other embedder before."""


class Migration(migrations.Migration):

    dependencies = [
        ('search', '0003_synonyms'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='searchdocument',
            name='search_document_meaning',
        ),
        migrations.AddField(
            model_name='collection',
            name='embedder',
            field=models.TextField(default=UNTIL_NOW, help_text='Id of what made the embeddings of its documents.'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='searchdocument',
            name='embedder',
            field=models.TextField(default=UNTIL_NOW, help_text='Id of what made the embedding.'),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name='searchdocument',
            name='embedding',
            field=pgvector.django.vector.VectorField(blank=True, help_text='As long as the embedder makes it.', null=True),
        ),
        migrations.AddIndex(
            model_name='searchdocument',
            index=models.Index(fields=['embedder'], name='search_document_embedder'),
        ),
    ]
