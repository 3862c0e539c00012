"""How sure a mean over tables is. Standard library only."""
import math
import random
import statistics


def student(p, df):
    """The quantile p of Student's t: exact for 1 and 2 degrees of freedom, else to three digits."""
    if df == 1:
        return math.tan(math.pi * (p - 0.5))
    if df == 2:
        a = 4 * p * (1 - p)
        return (2 * p - 1) * math.sqrt(2 / a)
    # Cornish and Fisher's expansion about the normal quantile; Abramowitz and Stegun 26.7.5.
    z = statistics.NormalDist().inv_cdf(p)
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / df + g2 / df**2 + g3 / df**3 + g4 / df**4


def mean_interval(values):
    """The mean and the ends of its 95 % t interval; one value has no ends."""
    mean, n = statistics.fmean(values), len(values)
    if n < 2:
        return mean, -math.inf, math.inf
    width = student(0.975, n - 1) * statistics.stdev(values) / math.sqrt(n)
    return mean, mean - width, mean + width


def repeated(differences, test_share):
    """The 95 % t interval of the mean difference over repeated splits of one table, whose training rows overlap:
    the variance is corrected for that (Nadeau and Bengio 2003). test_share is test rows / training rows."""
    mean, n = statistics.fmean(differences), len(differences)
    if n < 2:
        return mean, -math.inf, math.inf
    width = student(0.975, n - 1) * math.sqrt((1 / n + test_share) * statistics.variance(differences))
    return mean, mean - width, mean + width


def bootstrap(values, draws=10_000, seed=1):
    """The ends of the 95 % percentile interval of the mean, values drawn with replacement."""
    r, n = random.Random(seed), len(values)
    means = sorted(statistics.fmean(r.choices(values, k=n)) for _ in range(draws))
    return means[int(0.025 * draws)], means[int(0.975 * draws) - 1]
