package metrics

// definition is one metric and how it is computed.
type definition struct {
	name    string
	greater bool
	tasks   []Task
	source  string
	score   func(*sample) (float64, error)
}

func (d *definition) metric() Metric {
	return Metric{Name: d.name, Greater: d.greater, Tasks: d.tasks, Source: d.source}
}

var (
	classification = []Task{Binary, Multiclass}
	regression     = []Task{Regression}
)

// definitions are all metrics, the most used first within their task.
var definitions = []definition{
	{"roc_auc", true, classification, "sklearn.metrics.roc_auc_score, multi_class=ovr, average=macro", rocAUC},
	{"log_loss", false, classification, "sklearn.metrics.log_loss", logLoss},
	{"accuracy", true, classification, "sklearn.metrics.accuracy_score", accuracy},
	{"balanced_accuracy", true, classification, "sklearn.metrics.balanced_accuracy_score", balancedAccuracy},
	{"f1", true, classification, "sklearn.metrics.f1_score, average=binary or macro", averaged(f1Of, positive)},
	{"f1_macro", true, classification, "sklearn.metrics.f1_score, average=macro", averaged(f1Of, macro)},
	{"f1_micro", true, classification, "sklearn.metrics.f1_score, average=micro", averaged(f1Of, micro)},
	{"f1_weighted", true, classification, "sklearn.metrics.f1_score, average=weighted", averaged(f1Of, weighted)},
	{"precision", true, classification, "sklearn.metrics.precision_score, average=binary or macro", averaged(precisionOf, positive)},
	{"precision_macro", true, classification, "sklearn.metrics.precision_score, average=macro", averaged(precisionOf, macro)},
	{"precision_micro", true, classification, "sklearn.metrics.precision_score, average=micro", averaged(precisionOf, micro)},
	{"precision_weighted", true, classification, "sklearn.metrics.precision_score, average=weighted", averaged(precisionOf, weighted)},
	{"recall", true, classification, "sklearn.metrics.recall_score, average=binary or macro", averaged(recallOf, positive)},
	{"recall_macro", true, classification, "sklearn.metrics.recall_score, average=macro", averaged(recallOf, macro)},
	{"recall_micro", true, classification, "sklearn.metrics.recall_score, average=micro", averaged(recallOf, micro)},
	{"recall_weighted", true, classification, "sklearn.metrics.recall_score, average=weighted", averaged(recallOf, weighted)},
	{"average_precision", true, classification, "sklearn.metrics.average_precision_score, average=macro", averagePrecision},
	{"matthews_corrcoef", true, classification, "sklearn.metrics.matthews_corrcoef", matthews},
	{"brier_score_loss", false, classification, "sklearn.metrics.brier_score_loss, scale_by_half=auto", brier},
	{"root_mean_squared_error", false, regression, "sklearn.metrics.root_mean_squared_error", rootMeanSquared},
	{"mean_squared_error", false, regression, "sklearn.metrics.mean_squared_error", meanSquared},
	{"mean_absolute_error", false, regression, "sklearn.metrics.mean_absolute_error", meanAbsolute},
	{"r2", true, regression, "sklearn.metrics.r2_score", rSquared},
	{"median_absolute_error", false, regression, "sklearn.metrics.median_absolute_error", medianAbsolute},
	{"mean_absolute_percentage_error", false, regression, "sklearn.metrics.mean_absolute_percentage_error", meanAbsolutePercentage},
}

// aliases are the short names; Lookup writes "-" and " " as "_" first.
var aliases = map[string]string{
	"auc": "roc_auc", "auroc": "roc_auc", "roc_auc_ovr": "roc_auc", "roc_auc_score": "roc_auc",
	"logloss": "log_loss", "cross_entropy": "log_loss", "neg_log_loss": "log_loss",
	"acc": "accuracy", "accuracy_score": "accuracy",
	"bacc": "balanced_accuracy", "balanced_accuracy_score": "balanced_accuracy",
	"f1_score": "f1", "precision_score": "precision", "recall_score": "recall",
	"ap": "average_precision", "pr_auc": "average_precision", "average_precision_score": "average_precision",
	"mcc": "matthews_corrcoef", "brier": "brier_score_loss", "brier_score": "brier_score_loss",
	"rmse": "root_mean_squared_error", "mse": "mean_squared_error", "mae": "mean_absolute_error",
	"r2_score": "r2", "r_squared": "r2", "medae": "median_absolute_error", "mape": "mean_absolute_percentage_error",
}
