"""
The parameters that TVB gives an equation until somebody sets others; the framework does not know them.

It takes what a file says for all of them, so that an equation whose parameters were never read must say them.
"""

PARAMETERS: dict[str, dict[str, float]] = {
    **{name: {} for name in ("DiscreteEquation", "Absolute", "Identity", "Logarithm")},
    "Linear": {"a": 1.0, "b": 0.0},
    "RescaleInterval": {"newMin": 0.0, "newMax": 1.0, "oldMin": 0.0, "oldMax": 1.0},
    "Gaussian": {"amp": 1.0, "sigma": 1.0, "midpoint": 0.0, "offset": 0.0},
    "DoubleGaussian": {
        "amp_1": 0.5,
        "sigma_1": 20.0,
        "midpoint_1": 0.0,
        "amp_2": 1.0,
        "sigma_2": 10.0,
        "midpoint_2": 0.0,
    },
    "Sigmoid": {"amp": 1.0, "radius": 5.0, "sigma": 1.0, "offset": 0.0},
    "GeneralizedSigmoid": {"low": 0.0, "high": 1.0, "midpoint": 1.0, "sigma": 0.3},
    "Sinusoid": {"amp": 1.0, "frequency": 0.01},
    "Cosine": {"amp": 1.0, "frequency": 0.01},
    "Alpha": {"onset": 0.5, "alpha": 13.0, "beta": 42.0},
    "PulseTrain": {"T": 42.0, "tau": 13.0, "amp": 1.0, "onset": 30.0},
    "Gamma": {"tau": 1.08, "n": 3.0, "factorial": 2.0, "a": 0.1},
    "DoubleExponential": {
        "tau_1": 7.22,
        "f_1": 0.03,
        "amp_1": 0.1,
        "tau_2": 7.4,
        "f_2": 0.12,
        "amp_2": 0.1,
        "a": 0.1,
        "pi": 3.141592653589793,
    },
    "FirstOrderVolterra": {"tau_s": 0.8, "tau_f": 0.4, "k_1": 5.6, "V_0": 0.02},
    "MixtureOfGammas": {"a_1": 6.0, "a_2": 13.0, "l": 1.0, "c": 0.4, "gamma_a_1": 1.0, "gamma_a_2": 1.0},
}
# The equation that TVB gives a datatype until somebody gives it another.
DEFAULTS = {("LocalConnectivity", "equation"): "Gaussian", ("StimuliRegion", "spatial"): "DiscreteEquation"}
