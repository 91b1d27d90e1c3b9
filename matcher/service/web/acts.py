"""What each act on record is called where people read it: the one table of these phrases."""

from __future__ import annotations

from typing import NamedTuple


class Phrase(NamedTuple):
    """What was done, and what the target on record is, where the target alone does not say it."""

    did: str
    what: str = ""


PHRASES = {
    "backup.restore": Phrase("Put a backup back", "backup"),
    "brand.add": Phrase("Added a brand, or to one"),
    "brand.remove": Phrase("Removed a brand with its images", "brand"),
    "brand.replace": Phrase("Changed a brand's words, sellers or registrations", "brand"),
    "check.keep": Phrase("Checked a listing and kept it for review", "listing"),
    "evidence.pack": Phrase("Downloaded evidence as ZIP", "listing"),
    "evidence.pdf": Phrase("Downloaded evidence as PDF", "listing"),
    "images.put": Phrase("Added images"),
    "job.archive": Phrase("Began to import a ZIP", "import"),
    "job.cancel": Phrase("Cancelled a scan or an import", "number"),
    "job.import": Phrase("Began to import a table", "import"),
    "job.retry": Phrase("Resumed a scan or an import", "number"),
    "job.scan": Phrase("Began a scan", "scan"),
    "key.issue": Phrase("Made an API key", "with"),
    "key.revoke": Phrase("Revoked an API key", "key"),
    "key.rotate": Phrase("Replaced an API key", "key"),
    "owner.add": Phrase("Added an owner"),
    "person.accept": Phrase("Accepted an invitation"),
    "person.add": Phrase("Added a person"),
    "person.change": Phrase("Gave a person a new password and role"),
    "person.invite": Phrase("Invited a person"),
    "person.lock": Phrase("Locked a person's account"),
    "person.locked": Phrase("Account locked after wrong passwords"),
    "person.password": Phrase("Changed the own password"),
    "person.remove": Phrase("Removed a person"),
    "person.role": Phrase("Changed a person's role"),
    "person.sessions-ended": Phrase("Ended a person's sessions"),
    "person.sign-in": Phrase("Signed in"),
    "person.sign-in-failed": Phrase("Gave a wrong password"),
    "person.sign-out": Phrase("Signed out"),
    "person.unlock": Phrase("Unlocked a person's account"),
    "reference.put": Phrase("Added or changed an image"),
    "reference.remove": Phrase("Removed an image", "number"),
    "review.confirm": Phrase("Confirmed a fake", "listing"),
    "review.reject": Phrase("Answered that it is no fake", "listing"),
    "review.unsure": Phrase("Answered unsure", "listing"),
    "review.withdraw": Phrase("Took an answer back", "listing"),
    "upload.begin": Phrase("Began to send a file in parts"),
    "upload.end": Phrase("Ended a file sent in parts", "upload"),
    "webhook.add": Phrase("Added a webhook"),
    "webhook.change": Phrase("Changed a webhook", "number"),
    "webhook.remove": Phrase("Removed a webhook", "number"),
    "webhook.rotate": Phrase("Replaced a webhook's secret", "number"),
    "webhook.test": Phrase("Sent a test to a webhook", "number"),
}


def phrase_of(action: str) -> Phrase:
    """The phrase of an act; one of another version of the matcher keeps its name."""
    return PHRASES.get(action, Phrase(action))


def acts_called(text: str) -> list[str]:
    """The names of the acts whose phrase holds `text`, whatever its case."""
    return [name for name, phrase in PHRASES.items() if text.casefold() in phrase.did.casefold()]
