"""Valid rows of every contract, made by polyfactory from the contracts themselves."""

from collections.abc import Mapping
from typing import Any

from polyfactory.factories.pydantic_factory import ModelFactory

from bronze.contracts import MODELS, Contract


class ContractFactory(ModelFactory[Contract]):
    """Takes the values of text fields from the examples of the contract: they keep its patterns and checksums."""

    __is_base_factory__ = True
    __use_examples__ = True
    __allow_none_optionals__ = False


FACTORIES: Mapping[str, type[ModelFactory[Contract]]] = {
    model.about.name: ContractFactory.create_factory(model) for model in MODELS
}


def row(dataset: str, **fields: Any) -> dict[str, Any]:
    """A valid row as JSON values; `fields` replace some of them."""
    return FACTORIES[dataset].build(**fields).model_dump(mode="json")
