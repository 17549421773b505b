# Averages and group statistics by numpy, for the tests of the queries.
import json
import numpy as np
rng = np.random.default_rng(7)
def text(values):
    return [v if np.isfinite(v) else "NaN" if np.isnan(v) else "Infinity" if v > 0 else "-Infinity" for v in map(float, values)]
steps = np.cumsum(rng.choice([0, 1, 1, 2, 5, 40], 80)).astype(np.int64)
values = np.float32(np.cumsum(rng.normal(size=80))).astype(float)
values[[5, 17, 18]] = [np.nan, np.inf, -np.inf]
finite = np.isfinite(values)
def window(reduce, w):
    return text([reduce(values[finite & (np.abs(steps - s) <= w / 2)]) if ok else v for s, v, ok in zip(steps, values, finite)])
def gaussian(w):
    sigma = w / 4
    out = []
    for s, v, ok in zip(steps, values, finite):
        k = np.exp(-(((steps[finite] - s) / sigma) ** 2) / 2)
        out.append(float((k * values[finite]).sum() / k.sum()) if ok else v)
    return text(out)
def ema(weight):
    last, n, out = 0.0, 0, []
    for v, ok in zip(values, finite):
        if ok:
            last = last * weight + (1 - weight) * v
            n += 1
        out.append(last / (1 - weight**n) if ok else v)
    return text(out)
smoothing = {"steps": steps.tolist(), "values": text(values), "averages": {}}
for w in [1, 7, 50, 1000]:
    smoothing["averages"][f"mean:{w}"] = window(np.mean, w)
    smoothing["averages"][f"median:{w}"] = window(np.median, w)
    smoothing["averages"][f"gaussian:{w}"] = gaussian(w)
for w in [0.5, 0.99]:
    smoothing["averages"][f"ema:{w}"] = ema(w)

runs = []
for r in range(5):
    s = np.unique(np.sort(rng.choice(60, 30 + 4 * r)))
    v = np.float32(rng.normal(size=len(s)) + s / 10).astype(float)
    if r == 2: v[3] = np.nan
    runs.append((s, v))
quantiles = [0.05, 0.25, 0.5, 0.75, 0.95]
def row(step, at, others):
    at = np.array(at)
    return {"step": int(step), "n": len(at), "others": others, "mean": at.mean(), "std": at.std(ddof=1) if len(at) > 1 else 0.0, "min": at.min(), "max": at.max(), "median": np.median(at), "quantiles": np.quantile(at, quantiles).tolist()}
union = np.unique(np.concatenate([s for s, _ in runs]))
common = [s for s in union if all(s in steps for steps, _ in runs)]
def exact(grid):
    out = []
    for g in grid:
        at = [float(v[s == g][0]) for s, v in runs if g in s]
        good = [v for v in at if np.isfinite(v)]
        if good: out.append(row(g, good, len(at) - len(good)))
    return out
def linear(grid):
    out = []
    for g in grid:
        at = []
        for s, v in runs:
            s, v = s[np.isfinite(v)], v[np.isfinite(v)]
            if s[0] <= g <= s[-1]: at.append(float(np.interp(g, s, v)))
        if at: out.append(row(g, at, 0))
    return out
groups = {"runs": [{"steps": s.tolist(), "values": text(v)} for s, v in runs], "quantiles": quantiles, "union": exact(union), "common": exact(common), "linear": linear(union)}
json.dump({"numpy": np.__version__, "smoothing": smoothing, "groups": groups}, open("numpy.json", "w"), separators=(",", ":"))
