"""Contrastive recipes: what image-to-spot retrieval models share, from batches to the bank."""

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from geneglass.data.types import FloatArray
from geneglass.errors import InputError
from geneglass.model.augment import Augmentation, augmented, to_network
from geneglass.model.calibration import Calibration
from geneglass.model.contrastive_config import Shapes
from geneglass.model.early_stop import Stop
from geneglass.model.fine_tuning import require_trainable
from geneglass.model.novelty import Novelty, known_confidence, novelty_state
from geneglass.model.phases import train_in_phases
from geneglass.model.pool import Images, Measured, Pool, make_pool, query_images
from geneglass.model.precision import fast_numbers
from geneglass.model.recipe import Answer, FitStep, Neighbours, QueryData, Recipe, Snapshots, TrainData
from geneglass.model.retrieval import Bank
from geneglass.model.retrieval_choice import Choice, unsearched
from geneglass.model.ridge_solver import spot_groups
from geneglass.model.signals import signals
from geneglass.model.similarity import similarity_confidence, training_similarity
from geneglass.model.snapshot import NoSnapshots, named, part
from geneglass.model.training import Schedule, Trial, few_threads
from geneglass.model.transfer import to_device
from geneglass.model.weighting import Rule

EMBED_BATCH = 256
"""Patches, or spots, embedded at a time outside training."""
_NET, BANK = "net", "bank"


class ContrastiveRecipe(Recipe):
    """A recipe that places images and spots in one space, and predicts by retrieving reference spots.

    A subclass says how its networks are built (`build`), how spots are embedded (`encode_spots`) and
    what a batch's loss is (`loss`); everything else is here.

    Attributes
    ----------
    modules
        The trained networks: "image" and "temperature" always, "network" when the encoder is fine-tuned, and
        the subclass's own.
    bank
        The reference spots.
    stop
        How training converged on tissue left out: score after every epoch, and what was chosen.
    terms
        The weighted parts of the last batch's loss by name, where a recipe's loss has several.
    """

    retrieves: ClassVar[bool] = True
    keeps_left_out: ClassVar[bool] = False
    """Whether the predictions of left-out places are kept while training, for a recipe that learns from them."""

    tunes_many_views: ClassVar[bool] = False
    """Whether the network is run on every field of view of an encoder when it is trained, or on one alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.modules: nn.ModuleDict | None = None
        self.bank: Bank | None = None
        self.stop: Stop | None = None
        self.terms: Mapping[str, float] = {}
        self._choice = unsearched(self.config)
        self._shapes: Shapes | None = None
        self._similarity: FloatArray = np.empty(0, np.float32)
        self._calibration: Calibration | None = None
        self._novelty: Novelty | None = None

    @abstractmethod
    def build(self, shapes: Shapes) -> nn.ModuleDict:
        """Return fresh networks with at least "image" (the head) and "temperature"."""

    @abstractmethod
    def encode_spots(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return (len(rows), embed_dim) embeddings of measured spots."""

    @abstractmethod
    def loss(self, modules: nn.ModuleDict, images: Tensor, spots: Tensor) -> Tensor:
        """Return the loss of a batch of paired embeddings."""

    def adjust(self, modules: nn.ModuleDict, pool: Pool) -> None:
        """Take fixed statistics (means, axes) from the training pool; by default there are none."""
        return

    def measured(self, section: TrainData) -> Measured:
        """Return what the spot side is shown and what the bank gives back; by default both in `UNIT`."""
        return Measured(section, section.expression, section.expression)

    def neighbours(self) -> int:
        """Return how many spots a spot's list holds, itself included."""
        return 1

    def spot_batch(self) -> int:
        """Return how many spots are embedded at a time for the bank."""
        return EMBED_BATCH

    @property
    def fine_tunes(self) -> bool:
        """Return whether the encoder's network is trained: asked for, and there is one."""
        return bool(self.config.fine_tune) and self.encoder.network() is not None

    @property
    def light(self) -> bool:
        """Return whether only small networks are trained, on the CPU."""
        return not self.fine_tunes and self.device.type == "cpu"

    def encode_images(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> Tensor:
        """Return (len(rows), embed_dim) embeddings of places from their image side."""
        if not self.fine_tunes:
            found: Tensor = modules["image"](images.features.index_select(0, rows))
            return found
        narrowest = self.pixels(modules, images, rows)[0]
        trained: Tensor = modules["image"](self.run_network(modules["network"], narrowest))
        return trained

    def pixels(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> tuple[Tensor, ...]:
        """Return per field of view the (len(rows), 3, h, w) input of the network, augmented in training."""
        encoder = self.encoder if self.config.normalise_input else None
        return tuple(to_network(view, encoder) for view in self.views(modules, images, rows))

    def views(self, modules: nn.ModuleDict, images: Images, rows: Tensor) -> tuple[Tensor, ...]:
        """Return per field of view the (len(rows), 3, h, w) uint8 patches, augmented in training."""
        how: Augmentation = self.config.augment if modules.training else "none"
        read = [to_device(view, self.device) for view in images.patches(rows)]
        return tuple(augmented(view, how) for view in read)

    def run_network(self, network: nn.Module, pixels: Tensor) -> Tensor:
        """Return (n, dim) float32 features of a network that is being trained."""
        with fast_numbers(self.device):
            features: Tensor = network(pixels)
        return features.float()

    def batch_loss(self, modules: nn.ModuleDict, pool: Pool, rows: Tensor) -> Tensor:
        """Return the loss of these rows of the pool."""
        images = self.encode_images(modules, pool.images, rows)
        return self.loss(modules, images, self.encode_spots(modules, pool, rows))

    def embed_images(self, modules: nn.ModuleDict, images: Images, rows: Tensor | None = None) -> Tensor:
        """Return the embeddings of places (all by default), training nothing."""
        modules.eval()
        rows = torch.arange(len(images)) if rows is None else rows.cpu()
        with torch.no_grad():
            parts = (part.to(self.device) for part in images.read_ahead(torch.split(rows, EMBED_BATCH)))
            return torch.cat([self.encode_images(modules, images, part) for part in parts])

    def make_bank(self, modules: nn.ModuleDict, pool: Pool) -> Bank:
        """Return the reference spots as these networks embed them."""
        modules.eval()
        rows = torch.arange(len(pool), device=self.device)
        with torch.no_grad():
            parts = [self.encode_spots(modules, pool, part) for part in torch.split(rows, self.spot_batch())]
        return Bank(torch.cat(parts), pool.reference, pool.section_of, pool.sections, pool.patients)

    def rule(self, modules: nn.ModuleDict, choice: Choice) -> Rule:
        """Return how neighbours are found and weighed."""
        temperature = float(modules["temperature"]().detach())
        return Rule(choice.k, weighting=choice.weighting, temperature=temperature, distance=self.config.distance)

    def search(self, modules: nn.ModuleDict, bank: Bank, query: Tensor, rows: Tensor, k: int) -> Neighbours:
        """Return the k references among the bank's `rows` for each of the (n, embed_dim) places, nearest first."""
        return bank.search(query, rows, self.rule(modules, replace(self._choice, k=k)))

    def refine(self, modules: nn.ModuleDict, query: Tensor, retrieved: FloatArray) -> FloatArray:
        """Return (n, genes) predictions from embedded places and what was retrieved for them; by default the latter."""
        return retrieved

    def complete(self, query: QueryData, retrieved: FloatArray) -> FloatArray:
        """Return the (n, genes) prediction of a query from what was retrieved for it; by default just that."""
        return retrieved

    def calibration_of(self, query: QueryData) -> Calibration | None:
        """Return what the confidence of a query is read from; by default the same for all."""
        return self._calibration

    def more_signals(self, query: QueryData, values: FloatArray, *, exclude_patient: bool) -> FloatArray:
        """Return (n, s) what confidence is read from beside the signals of retrieval; by default nothing."""
        return np.empty((len(values), 0), np.float32)

    def pool(self, sections: Sequence[TrainData]) -> Pool:
        """Return training sections as the tensors that this recipe reads."""
        measured = [self.measured(section) for section in sections]
        return make_pool(measured, self.device, neighbours=self.neighbours(), with_patches=self.fine_tunes)

    def require_trainable(self) -> None:
        """Refuse an encoder whose network can not be trained as this recipe would."""
        if self.fine_tunes:
            require_trainable(self.encoder, many_views=self.tunes_many_views)

    def trial(self, pool: Pool, seed: int) -> Trial:
        """Return fresh networks, ready to be trained on a pool."""
        self.require_trainable()
        self._shapes = Shapes(pool.images.features.shape[1], pool.expression.shape[1], len(pool))
        with few_threads(self.light):
            modules = self._fresh(self._shapes, seed)
            self.adjust(modules, pool)
        return Trial(modules, pool, Schedule.of(self.config, light=self.light), seed)

    def _fresh(self, shapes: Shapes, seed: int) -> nn.ModuleDict:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            modules = self.build(shapes)
        network = self.encoder.network()
        if self.fine_tunes and network is not None:
            modules["network"] = copy.deepcopy(network).requires_grad_(True)
        return modules.to(self.device)

    def fit(self, sections: Sequence[TrainData], *, snapshots: Snapshots | None = None) -> Iterator[FitStep]:
        """Learn from measured sections; close the generator to cancel.

        With `validate`, training tissue is left out in turn to find how many epochs, which k and which weighting do
        best, then everything is trained on for that long. A subclass that trains more calls this first.
        """
        used = [section for section in sections if len(section.features)]
        if sum(len(s.features) for s in used) < 8:
            raise InputError("Training needs at least 8 spots with counts.")
        self.stop = None
        trial, self.stop = yield from train_in_phases(self, used, snapshots or NoSnapshots())
        self._choice = unsearched(self.config) if self.stop is None else self.stop.choice
        self.modules = trial.modules.eval()
        with few_threads(self.light):
            self.bank = self.make_bank(self.modules, trial.pool)
            self._similarity = training_similarity(self, trial.pool, self._choice.k)
        self._calibration = None if self.stop is None else self.calibrate(self.stop, used)
        self._novelty = Novelty.of(used, seed=self.seed)

    def calibrate(self, stop: Stop, sections: Sequence[TrainData]) -> Calibration | None:
        """Return what confidence is read from: signals and hits of the tissue that was left out."""
        # Halves of one section can not tell how it would be with another.
        if len(sections) == 1:
            return None
        held, (_, kind) = stop.held_out, spot_groups(sections)
        groups = len({item.patient if kind == "patients" else item.section for item in held})
        return Calibration.fit([i.signals for i in held], [i.hit for i in held], groups=groups, kind=kind)

    def trained(self) -> tuple[nn.ModuleDict, Bank]:
        """Return networks and bank, or say that there are none yet."""
        if self.modules is None or self.bank is None:
            raise InputError("This model is not trained yet: train it, or load a model file.")
        return self.modules, self.bank

    def predict(self, query: QueryData, *, exclude_patient: bool = False) -> Answer:
        """Return the weighted mean expression of the nearest reference spots, never of the query's own section."""
        modules, bank = self.trained()
        allowed = bank.rows_for(query.own, query.patient, exclude_patient=exclude_patient)
        images = query_images(query, self.device, with_patches=self.fine_tunes)
        if images.features.shape[1] != (self._shapes or Shapes(0, 0, 0)).features:
            raise InputError(
                f"The features have {images.features.shape[1]} columns, not those that the model was trained on: "
                "use the encoder that is named in the model file."
            )
        embedded = self.embed_images(modules, images)
        neighbours = self.search(modules, bank, embedded, allowed, self._choice.k)
        values = self.complete(query, self.refine(modules, embedded, bank.average(neighbours)))
        calibration = self.calibration_of(query)
        if calibration is not None:
            more = self.more_signals(query, values, exclude_patient=exclude_patient)
            seen = np.concatenate([signals(bank, neighbours, embedded, allowed), more], axis=1)
            confidence = known_confidence(self._novelty, calibration.confidence(seen), query.features)
            return Answer(values, confidence, neighbours, calibrated=calibration.sentence())
        alike = similarity_confidence(neighbours, self._similarity) if len(self._similarity) else None
        return Answer(values, known_confidence(self._novelty, alike, query.features), neighbours)

    def state(self) -> dict[str, Tensor]:
        """Return networks, bank, and what confidence is read from."""
        modules, bank = self.trained()
        tensors = named(_NET, modules.state_dict()) | named(BANK, bank.tensors())
        return tensors | {"similarity": torch.from_numpy(self._similarity)} | novelty_state(self._novelty)

    def texts(self) -> dict[str, Any]:
        """Return section and patient names of the bank, sizes, and what was chosen."""
        _, bank = self.trained()
        shapes = asdict(self._shapes) if self._shapes is not None else {}
        names = {"sections": list(bank.sections), "patients": list(bank.patients)}
        calibration = self._calibration.texts() if self._calibration else None
        return names | {"shapes": shapes, "calibration": calibration} | asdict(self._choice)

    def load(self, state: dict[str, Tensor], texts: dict[str, Any]) -> None:
        """Take back what `state` and `texts` returned."""
        self._shapes = Shapes(**texts["shapes"])
        if self._shapes.genes != len(self.genes):
            raise ValueError(f"its tensors are for {self._shapes.genes} genes")
        modules = self._fresh(self._shapes, self.seed)
        modules.load_state_dict(part(_NET, state))
        self.modules = modules.eval()
        self.bank = Bank.from_tensors(part(BANK, state), texts, genes=len(self.genes), device=self.device)
        self._similarity = state["similarity"].cpu().numpy()
        # Files of format 1 had no choice of a weighting beside the settings.
        self._choice = Choice(int(texts["k"]), texts.get("weighting", self.config.weighting))
        self._calibration = Calibration.load(texts.get("calibration"))
        self._novelty = Novelty.load(state)
