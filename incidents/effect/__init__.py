"""Did the measures work: pure, seeded; numpy, scipy and shapely only.

Copies of the place all over the study area (`copies`), those most like it before the measures as control
places (`matching`), the change beside them (`contrast`), what moved next door (`displacement`); `evaluate`
ties it together and `placebo` shows that it holds its level where nothing was done. docs/hotspots.md has the
method.
"""

from incidents.effect.evaluate import evaluate
from incidents.effect.values import Dose, Effect, EffectParams, EffectResult, TooFew, Verdict

__all__ = ["Dose", "Effect", "EffectParams", "EffectResult", "TooFew", "Verdict", "evaluate"]
