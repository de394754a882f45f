"""The pages, an area each: views.py, forms.py, the same in every area."""

from flask import Flask


def register_blueprints(app: Flask) -> None:
    """Bind every area to the portal."""
    from app.blueprints.accounts.training import bp as training
    from app.blueprints.accounts.views import bp as account
    from app.blueprints.algorithms.changes import bp as changes
    from app.blueprints.algorithms.views import bp as algorithms
    from app.blueprints.approval.peer_review import bp as peer_review
    from app.blueprints.approval.repeats import bp as repeats
    from app.blueprints.approval.unexamined import bp as answers
    from app.blueprints.approval.views import bp as approval
    from app.blueprints.disclosures.views import bp as disclosures
    from app.blueprints.gallery.imports import bp as imports
    from app.blueprints.gallery.samples import bp as samples
    from app.blueprints.gallery.views import bp as gallery
    from app.blueprints.home.views import bp as home
    from app.blueprints.images.views import bp as images
    from app.blueprints.matters.views import bp as matters
    from app.blueprints.notices.views import bp as notices
    from app.blueprints.oversight.exports import bp as exports
    from app.blueprints.oversight.replays import bp as replays
    from app.blueprints.oversight.views import bp as oversight
    from app.blueprints.policy import versions  # noqa: F401  (its views)
    from app.blueprints.policy.views import bp as policy
    from app.blueprints.requests.views import bp as requests
    from app.blueprints.retention.views import bp as retention
    from app.blueprints.review.peers.proficiency import bp as proficiency
    from app.blueprints.review.views import bp as review
    from app.blueprints.workload.views import bp as workload

    for blueprint in (
        account,
        algorithms,
        answers,
        approval,
        changes,
        disclosures,
        exports,
        gallery,
        home,
        images,
        imports,
        matters,
        notices,
        oversight,
        peer_review,
        policy,
        proficiency,
        repeats,
        replays,
        requests,
        retention,
        samples,
        review,
        training,
        workload,
    ):
        app.register_blueprint(blueprint)
