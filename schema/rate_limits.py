"""Rate limits, as clients see them."""

import strawberry


@strawberry.type(
    description="The state of an app's rate limit, in cost points. Every request costs points (see `extensions.cost`), "
    "and points are restored continuously."
)
class RateLimit:
    available: int = strawberry.field(description="The number of points that are available now.")
    maximum: int = strawberry.field(description="The maximum number of points that the app can accumulate.")
    restore_rate: int = strawberry.field(description="The number of points that are restored per second.")
