"""What can be wrong with the lake, in words for those who can mend it."""

from lakehouse_project.kernel.errors import (
    Conflict,
    InvalidInput,
    NotFound,
    PermanentError,
    TransientError,
)


class InvalidBucketName(InvalidInput):
    """No bucket can have this name."""

    code = "invalid_bucket_name"


class BucketMissing(NotFound):
    """There is no bucket of this name."""

    code = "bucket_missing"


class BucketTaken(Conflict):
    """The bucket belongs to another account."""

    code = "bucket_taken"


class BucketShared(Conflict):
    """The bucket holds what is not ours."""

    code = "bucket_shared"


class BucketForbidden(PermanentError):
    """The keys lack a right."""

    code = "bucket_forbidden"


class BucketElsewhere(Conflict):
    """The bucket is, or would be, in another region than the one that was asked."""

    code = "bucket_elsewhere"


class UnknownTable(NotFound):
    """No table of this name has been published."""

    code = "unknown_table"


class LakeUnavailable(TransientError):
    """A published table cannot be read or written just now."""

    code = "lake_unavailable"


class PublishConflict(TransientError):
    """Another publisher was faster: what was to be published has to be read anew."""

    code = "publish_conflict"
