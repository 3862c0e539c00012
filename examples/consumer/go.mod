module example.com/consumer

go 1.26.0

require github.com/seed-09a2cce4/automl v0.0.0

replace github.com/seed-09a2cce4/automl => ../..
